import { ChangeDetectionStrategy, Component, Injectable, inject } from '@angular/core';
import { TranslocoService } from '@jsverse/transloco';
import { MessageService } from 'primeng/api';
import { Toast } from 'primeng/toast';

/** Says briefly that something was done, or was not. */
@Injectable({ providedIn: 'root' })
export class Say {
  private readonly messages = inject(MessageService);
  private readonly texts = inject(TranslocoService);

  done(key: string, values?: Record<string, unknown>): void {
    this.messages.add({ severity: 'success', summary: this.texts.translate(key, values), life: 3500 });
  }

  failed(summary: string, detail?: string): void {
    this.messages.add({ severity: 'error', summary, detail, life: 7000 });
  }
}

@Component({
  selector: 'hk-toasts',
  imports: [Toast],
  template: `<p-toast position="bottom-center" />`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Toasts {}
