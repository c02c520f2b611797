import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { Toasts } from './kit/toasts';
import { Scheme } from './theme/scheme';

@Component({
  selector: 'hk-root',
  imports: [RouterOutlet, Toasts],
  template: `<router-outlet /><hk-toasts />`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class App {
  protected readonly scheme = inject(Scheme);
}
