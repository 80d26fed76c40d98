"""Recipes for grading on other machines: an image, a Slurm array, a Kubernetes Job.

Every machine runs `coursekit grade … --shard i/n` on one shared folder; a machine that
is lost goes on where it stopped when its shard is started again. None of them was tried
on a cluster; the tests read their syntax and fields.
"""

import json
import shlex
from pathlib import PurePosixPath

from coursekit.staff.grading.walls import ANSWERER, IMAGE

BANK = 'python -c "import coursekit.staff.grading.walls as w; print(w.SECRET)"'
CONTAINERFILE = f"""\
# The image of `coursekit grade --sandbox docker|podman`, and of the Kubernetes Job.
# In a checkout of the course:  docker build -f Containerfile -t {IMAGE} .
FROM docker.io/library/python:3.12-slim
RUN pip install --no-cache-dir torch torchvision \\
    --index-url https://download.pytorch.org/whl/cpu
COPY . /coursekit
RUN pip install --no-cache-dir "/coursekit[authoring,handin]" && rm -r /coursekit \\
    && useradd --system --no-create-home {ANSWERER} \\
    && chmod -R o-rwx "$({BANK})"
CMD ["coursekit", "--help"]
"""
SLURM = """\
#!/bin/bash
# sbatch slurm.sh; again after a stop: what is graded is not done again.
#SBATCH --job-name={name}
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --output=slurm-%A_%a.out
set -euo pipefail
export OMP_NUM_THREADS=1
exec coursekit grade {assignment} {folder} --jobs 2 \\
    --shard "${{SLURM_ARRAY_TASK_ID}}/{shards}"
"""
KUBERNETES = """\
# kubectl apply -f kubernetes.yaml: one pod a shard, on the claim `class`, which holds
# the assignment, course.secret and the class's folder, all readable by root only.
# In a pod there are no namespaces for each answer: another user runs them, in a pod
# without network (where the cluster's network knows policies).
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
spec:
  podSelector:
    matchLabels:
      app: {name}
  policyTypes: [Ingress, Egress]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
  completionMode: Indexed
  completions: {shards}
  parallelism: {shards}
  backoffLimitPerIndex: 3
  template:
    metadata:
      labels:
        app: {name}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      containers:
        - name: grade
          image: {image}
          command: ["/bin/sh", "-c"]
          args:
            - {command}
          env:
            - name: OMP_NUM_THREADS
              value: "1"
          resources:
            requests: {{cpu: "1", memory: 6Gi}}
            limits: {{cpu: "2", memory: 6Gi, ephemeral-storage: 2Gi}}
          securityContext:
            runAsUser: 0
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
              add: [SETUID, SETGID, KILL, DAC_OVERRIDE]
          volumeMounts:
            - {{name: class, mountPath: /class}}
            - {{name: tmp, mountPath: /tmp}}
      volumes:
        - name: class
          persistentVolumeClaim: {{claimName: class}}
        - name: tmp
          emptyDir: {{sizeLimit: 1Gi}}
"""


def slurm(assignment: str, folder: str, name: str, shards: int) -> str:
    """Return a batch script that grades a class as an array job.

    Args:
        assignment: path of its file, as the nodes see it.
        folder: of the class, as the nodes see it.
        name: of the job.
        shards: machines, ≥ 1.
    """
    return SLURM.format(
        name=_plain(name),
        shards=shards,
        assignment=shlex.quote(assignment),
        folder=shlex.quote(folder),
    )


def kubernetes(assignment: str, folder: str, name: str, shards: int) -> str:
    """Return an Indexed Job, and a policy that leaves it no network; as `slurm`."""
    paths = (PurePosixPath("/class", one).as_posix() for one in (assignment, folder))
    given = " ".join(map(shlex.quote, paths))
    shard = f"$((JOB_COMPLETION_INDEX + 1))/{shards}"
    command = f"exec coursekit grade {given} --sandbox user --shard {shard}"
    # JSON is YAML, whatever stands in the names
    return KUBERNETES.format(
        name=_plain(name), shards=shards, image=IMAGE, command=json.dumps(command)
    )


def _plain(name: str) -> str:
    """Return a name as both accept it: small letters, digits and dashes."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return f"grade-{letters}"[:50].strip("-")
