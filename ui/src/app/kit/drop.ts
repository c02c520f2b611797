import { CdkTrapFocus } from '@angular/cdk/a11y';
import { CdkConnectedOverlay, CdkOverlayOrigin, type ConnectedPosition } from '@angular/cdk/overlay';
import { ChangeDetectionStrategy, Component, ElementRef, Injector, TemplateRef, afterNextRender, computed, contentChild, inject, input, model, viewChild } from '@angular/core';
import { NgTemplateOutlet } from '@angular/common';

/**
 * A button with a panel below it. The panel's content is made when it opens
 * (an ng-template), holds the focus, and gives it back to the button.
 */
@Component({
  selector: 'hk-drop',
  imports: [CdkConnectedOverlay, CdkOverlayOrigin, CdkTrapFocus, NgTemplateOutlet],
  template: `
    <button
      #trigger
      cdkOverlayOrigin
      #origin="cdkOverlayOrigin"
      type="button"
      [class]="look()"
      [attr.aria-label]="label()"
      [attr.aria-expanded]="open()"
      aria-haspopup="dialog"
      (click)="open.set(!open())"
    >
      <ng-content />
    </button>
    <ng-template
      cdkConnectedOverlay
      [cdkConnectedOverlayOrigin]="origin"
      [cdkConnectedOverlayOpen]="open()"
      [cdkConnectedOverlayPositions]="positions()"
      [cdkConnectedOverlayPush]="true"
      [cdkConnectedOverlayViewportMargin]="8"
      (overlayOutsideClick)="outside($event)"
      (detach)="open.set(false)"
      (overlayKeydown)="key($event)"
    >
      <div class="menu" role="dialog" [attr.aria-label]="label()" cdkTrapFocus [cdkTrapFocusAutoCapture]="true">
        <ng-container [ngTemplateOutlet]="panel()" />
      </div>
    </ng-template>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Drop {
  readonly label = input.required<string>();
  readonly look = input('btn');
  readonly align = input<'start' | 'end'>('start');
  readonly open = model(false);
  protected readonly panel = contentChild.required(TemplateRef);
  private readonly overlay = viewChild.required(CdkConnectedOverlay);
  private readonly injector = inject(Injector);
  private readonly trigger = viewChild.required<ElementRef<HTMLElement>>('trigger');

  protected readonly positions = computed<ConnectedPosition[]>(() => {
    const x = this.align();
    const other = x === 'start' ? 'end' : 'start';
    return [
      { originX: x, originY: 'bottom', overlayX: x, overlayY: 'top', offsetY: 6 },
      { originX: other, originY: 'bottom', overlayX: other, overlayY: 'top', offsetY: 6 },
      { originX: x, originY: 'top', overlayX: x, overlayY: 'bottom', offsetY: -6 },
    ];
  });

  /** The panel's content has another size now: find its place anew. */
  reposition(): void {
    afterNextRender(() => this.overlay().overlayRef?.updatePosition(), { injector: this.injector });
  }

  close(): void {
    if (!this.open()) return;
    this.open.set(false);
    this.trigger().nativeElement.focus();
  }

  protected key(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.close();
  }

  protected outside(event: MouseEvent): void {
    if (!this.trigger().nativeElement.contains(event.target as Node)) this.open.set(false);
  }
}
