import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { TranslocoPipe } from '@jsverse/transloco';
import { Copy } from '../kit/copy';

/** The line to put into a site's pages. */
@Component({
  selector: 'hk-snippet',
  imports: [Copy, TranslocoPipe],
  template: `
    <div class="card overflow-hidden">
      <div class="flex items-center border-b border-line px-4 py-2">
        <span class="code text-xs text-ink-3">&lt;head&gt;</span>
        <hk-copy class="ml-auto" [text]="code()" />
      </div>
      <pre class="code overflow-x-auto px-4 py-3.5 wrap-anywhere whitespace-pre-wrap" tabindex="0" [attr.aria-label]="'settings.snippet' | transloco" data-test="snippet">{{ code() }}</pre>
    </div>
  `,
  host: { class: 'block' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Snippet {
  readonly code = input.required<string>();
}
