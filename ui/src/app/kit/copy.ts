import { ChangeDetectionStrategy, Component, input, signal } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';

/** Puts a text on the clipboard and says so. */
@Component({
  selector: 'hk-copy',
  imports: [TranslocoPipe],
  template: `
    <button type="button" class="btn btn-sm" (click)="copy()">
      <i class="pi" [class.pi-copy]="!done()" [class.pi-check]="done()" aria-hidden="true"></i>
      <span aria-live="polite">{{ (done() ? 'common.copied' : 'common.copy') | transloco }}</span>
    </button>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Copy {
  readonly text = input.required<string>();
  protected readonly done = signal(false);

  protected async copy(): Promise<void> {
    await write(this.text());
    this.done.set(true);
    setTimeout(() => this.done.set(false), 2000);
  }
}

/** navigator.clipboard is there on https and localhost only. */
async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
