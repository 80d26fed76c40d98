"""Names for screen readers that ipywidgets leaves out: of sliders and play buttons.

The script runs in the page of a live explorer and reads what stands beside a control.
It runs again when anything changes there, labels too. ipywidgets 7 has no role on the
handle of a slider either.
"""

from html import escape

_NAMES = """
const all = this.closest('.coursekit-view');
const put = (element, name, value) => {
  if (element && value && element.getAttribute(name) !== value)
    element.setAttribute(name, value);
};
const label = element => element.querySelector('.widget-label')?.textContent;
const name = () => {
  for (const slider of all.querySelectorAll('.widget-slider')) {
    const handle = slider.querySelector('.noUi-handle, .ui-slider-handle');
    const readout = slider.querySelector('.widget-readout');
    put(handle, 'aria-label', label(slider));
    put(handle, 'role', 'slider');
    put(handle, 'aria-valuenow', readout?.textContent);
    put(readout, 'aria-label', label(slider) + ', as a number');
    put(readout, 'role', 'textbox');
  }
  for (const button of all.querySelectorAll('.widget-play button')) {
    const sign = button.querySelector('i')?.className.match(/fa-(\\w+)/)?.[1];
    const way = sign === 'retweet' ? 'repeat' : sign;
    put(button, 'aria-label', way + ': ' + label(button.closest('.widget-hbox')));
  }
};
name();
const look = {childList: true, characterData: true, attributeFilter: ['class']};
new MutationObserver(name).observe(all, {...look, subtree: true});
"""
SCRIPT = f'<style onload="{escape(" ".join(_NAMES.split()))}"></style>'
