"""The style of a page that is read: contrast that suffices, narrow screens, the dark.

nbconvert's page has one theme, and in it greys and colours of code below 4.5:1, the
least contrast of WCAG 2.2 (1.4.3).
"""

NARROW = 700  # pixels; below, margins go and wide pictures scroll

_INK = """
.jp-RenderedHTMLCommon a:is(:link, :visited) { text-decoration: underline }
:root {
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-cell-prompt-not-active-font-color: #6a6a6a;
  --jp-cell-inprompt-font-color: #6a6a6a;
  --jp-cell-outprompt-font-color: #6a6a6a;
  --jp-mirror-editor-number-color: #007000;
  --jp-mirror-editor-operator-color: #9518e0;
  --jp-mirror-editor-comment-color: #2f6868;
}
.jp-RenderedText pre .ansi-red-fg { color: #b3261e }
.jp-RenderedText pre .ansi-green-fg { color: #00662b }
.jp-RenderedText pre .ansi-cyan-fg { color: #005f66 }
.jp-RenderedText pre .ansi-yellow-fg { color: #6b5300 }
.jp-RenderedText pre .ansi-blue-fg { color: #0550ae }
"""
_DARK = """
@media (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --jp-layout-color0: #111;
    --jp-layout-color1: #111;
    --jp-layout-color2: #2a2a2a;
    --jp-cell-editor-background: #222;
    --jp-cell-editor-border-color: #444;
    --jp-border-color1: #555;
    --jp-border-color2: #444;
    --jp-border-color3: #333;
    --jp-content-font-color0: #fff;
    --jp-content-font-color1: #e8e8e8;
    --jp-content-font-color2: #c8c8c8;
    --jp-content-font-color3: #b0b0b0;
    --jp-ui-font-color0: #fff;
    --jp-ui-font-color1: #e8e8e8;
    --jp-ui-font-color2: #c8c8c8;
    --jp-content-link-color: #8ab4ff;
    --jp-cell-prompt-not-active-font-color: #a0a0a0;
    --jp-cell-inprompt-font-color: #a0a0a0;
    --jp-cell-outprompt-font-color: #a0a0a0;
    --jp-rendermime-error-background: #3a1d1d;
    --jp-rendermime-table-row-background: #1b1b1b;
    --jp-rendermime-table-row-hover-background: #2a2a2a;
    --jp-mirror-editor-keyword-color: #7ecb8f;
    --jp-mirror-editor-builtin-color: #7ecb8f;
    --jp-mirror-editor-number-color: #7ecb8f;
    --jp-mirror-editor-operator-color: #d0a8ff;
    --jp-mirror-editor-comment-color: #8fbcbb;
    --jp-mirror-editor-string-color: #ff9b93;
    --jp-mirror-editor-variable-color: #e8e8e8;
    --jp-mirror-editor-punctuation-color: #8ab4ff;
    --jp-mirror-editor-error-color: #ff9b93;
  }
  body { background: #111; color: #e8e8e8 }
  nav.contents a { color: #8ab4ff }
  .coursekit-view img { color-scheme: dark !important }
  .jp-RenderedText pre .ansi-red-fg { color: #ff9b93 }
  .jp-RenderedText pre .ansi-green-fg { color: #7ee0a0 }
  .jp-RenderedText pre .ansi-cyan-fg { color: #7fdfe6 }
  .jp-RenderedText pre .ansi-yellow-fg { color: #f0d060 }
  .jp-RenderedText pre .ansi-blue-fg { color: #8ab4ff }
}
"""
_PLACES = f"""
nav.contents {{ font-family: system-ui, sans-serif; max-width: 44em }}
nav.contents {{ margin: 1em auto; padding: 0 1em; line-height: 1.6 }}
nav.contents ol {{ list-style: none; padding-left: 0 }}
details.folded > summary {{ cursor: pointer; padding: .2em .5em }}
img, svg {{ max-width: 100%; height: auto }}
.wide {{ overflow-x: auto }}
@media (max-width: {NARROW}px) {{
  .jp-InputPrompt, .jp-OutputPrompt {{ display: none }}
  .jp-Notebook {{ padding: 0 .5em }}
  .jp-Cell {{ padding: 2px }}
  .wide > :is(img, svg) {{ max-width: none !important; width: var(--legible) }}
}}
"""
STYLE = _INK + _DARK + _PLACES
