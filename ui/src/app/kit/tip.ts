import { Directive, inject } from '@angular/core';
import { Tooltip } from 'primeng/tooltip';

/** A short explanation on hover and on focus. */
@Directive({
  selector: '[hkTip]',
  hostDirectives: [{ directive: Tooltip, inputs: ['pTooltip: hkTip', 'tooltipPosition: hkTipAt'] }],
})
export class Tip {
  constructor() {
    const tooltip = inject(Tooltip);
    tooltip.setOption({ tooltipEvent: 'both', tooltipPosition: 'top', showDelay: 250, hideOnEscape: true });
  }
}
