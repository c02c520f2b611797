import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';
import { FormsModule } from '@angular/forms';
import { TranslocoPipe } from '@jsverse/transloco';
import { Select } from 'primeng/select';

/** Choice of an IANA time zone, with search; each shows its offset now. */
@Component({
  selector: 'hk-zone-select',
  imports: [FormsModule, Select, TranslocoPipe],
  template: `
    <p-select
      [inputId]="inputId()"
      [options]="zones"
      optionLabel="label"
      optionValue="value"
      [filter]="true"
      filterBy="label"
      [resetFilterOnHide]="true"
      [virtualScroll]="true"
      [virtualScrollItemSize]="36"
      scrollHeight="18rem"
      appendTo="body"
      styleClass="w-full"
      [ariaFilterLabel]="'common.search' | transloco"
      [ngModel]="value()"
      (ngModelChange)="value.set($event)"
    />
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ZoneSelect {
  readonly inputId = input.required<string>();
  readonly value = model.required<string>();
  protected readonly zones = zones();
}

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function zones(): { value: string; label: string }[] {
  const names = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', browserZone()]);
  return [...names].sort().map((value) => ({ value, label: `${value.replaceAll('_', ' ')}  ${offset(value)}`.trim() }));
}

function offset(zone: string): string {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts();
    return `(${parts.find((p) => p.type === 'timeZoneName')?.value ?? ''})`;
  } catch {
    return '';
  }
}
