import { CdkMenuModule } from '@angular/cdk/menu';
import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Router, RouterLink, RouterOutlet } from '@angular/router';
import { TranslocoPipe } from '@jsverse/transloco';
import { firstValueFrom } from 'rxjs';
import { Api } from '../api/api';
import { Session } from '../api/session';
import { Copy } from '../kit/copy';
import { Scheme, type Choice } from '../theme/scheme';
import { Brand } from './brand';

/** What stands around every page of a signed-in person. */
@Component({
  selector: 'hk-frame',
  imports: [Brand, CdkMenuModule, Copy, RouterLink, RouterOutlet, TranslocoPipe],
  templateUrl: './frame.html',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Frame {
  private readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  protected readonly scheme = inject(Scheme);
  protected readonly user = this.session.user;
  protected readonly status = this.session.status;
  protected readonly themes: { choice: Choice; icon: string }[] = [
    { choice: 'light', icon: 'pi-sun' },
    { choice: 'dark', icon: 'pi-moon' },
    { choice: 'system', icon: 'pi-desktop' },
  ];
  private readonly dismissed = signal<string[]>([]);
  protected readonly notices = computed(() => (this.status()?.notices ?? []).filter((n) => !this.dismissed().includes(n.code)));
  protected readonly initial = computed(() => (this.user()?.name || this.user()?.email || '?').charAt(0).toUpperCase());

  protected dismiss(code: string): void {
    this.dismissed.update((all) => [...all, code]);
  }

  protected async logOut(): Promise<void> {
    await firstValueFrom(this.api.logOut());
    this.session.signedOut();
    await this.router.navigate(['/login']);
  }
}
