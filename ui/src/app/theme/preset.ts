import { definePreset } from '@primeuix/themes';
import base from '@primeuix/themes/aura/base';
import dialog from '@primeuix/themes/aura/dialog';
import iconfield from '@primeuix/themes/aura/iconfield';
import inputtext from '@primeuix/themes/aura/inputtext';
import select from '@primeuix/themes/aura/select';
import toast from '@primeuix/themes/aura/toast';
import toggleswitch from '@primeuix/themes/aura/toggleswitch';
import tooltip from '@primeuix/themes/aura/tooltip';
import virtualscroller from '@primeuix/themes/aura/virtualscroller';

/** The scheme is the same for light and dark: the variables of tokens.css turn. */
const scheme = {
  surface: {
    0: 'var(--card)', 50: 'var(--sunken)', 100: 'var(--hover)', 200: 'var(--line)', 300: 'var(--line)',
    400: 'var(--ink-3)', 500: 'var(--ink-3)', 600: 'var(--ink-2)', 700: 'var(--ink-2)', 800: 'var(--ink)', 900: 'var(--ink)', 950: 'var(--ink)',
  },
  primary: { color: 'var(--accent)', contrastColor: 'var(--on-accent)', hoverColor: 'var(--accent-strong)', activeColor: 'var(--accent-strong)' },
  highlight: { background: 'var(--accent-soft)', focusBackground: 'var(--accent-soft)', color: 'var(--accent-strong)', focusColor: 'var(--accent-strong)' },
  mask: { background: 'var(--mask)', color: 'var(--ink)' },
  formField: {
    background: 'var(--card)', disabledBackground: 'var(--sunken)', filledBackground: 'var(--card)', filledHoverBackground: 'var(--card)', filledFocusBackground: 'var(--card)',
    borderColor: 'var(--line-strong)', hoverBorderColor: 'var(--ink-3)', focusBorderColor: 'var(--accent)', invalidBorderColor: 'var(--bad)',
    color: 'var(--ink)', disabledColor: 'var(--ink-3)', placeholderColor: 'var(--ink-3)', invalidPlaceholderColor: 'var(--bad)', iconColor: 'var(--ink-3)', shadow: 'none',
  },
  text: { color: 'var(--ink)', hoverColor: 'var(--ink)', mutedColor: 'var(--ink-3)', hoverMutedColor: 'var(--ink-2)' },
  content: { background: 'var(--card)', hoverBackground: 'var(--hover)', borderColor: 'var(--line)', color: 'var(--ink)', hoverColor: 'var(--ink)' },
  overlay: {
    select: { background: 'var(--raised)', borderColor: 'var(--line)', color: 'var(--ink)' },
    popover: { background: 'var(--raised)', borderColor: 'var(--line)', color: 'var(--ink)' },
    modal: { background: 'var(--raised)', borderColor: 'var(--line)', color: 'var(--ink)' },
  },
  list: {
    option: { focusBackground: 'var(--hover)', selectedBackground: 'var(--accent-soft)', selectedFocusBackground: 'var(--accent-soft)', color: 'var(--ink)', focusColor: 'var(--ink)', selectedColor: 'var(--accent-strong)', selectedFocusColor: 'var(--accent-strong)', icon: { color: 'var(--ink-3)', focusColor: 'var(--ink-2)' } },
    optionGroup: { background: 'transparent', color: 'var(--ink-3)' },
  },
};


const components = { dialog, iconfield, inputtext, select, toast, toggleswitch, tooltip, virtualscroller };

/** Aura's tokens for the parts in use, in HitKeep's own colours and corners. */
export const preset = definePreset({ ...base, components } as typeof base, {
  semantic: {
    focusRing: { width: '2px', style: 'solid', color: 'var(--accent)', offset: '2px' },
    formField: { paddingX: '0.75rem', paddingY: '0.5625rem', borderRadius: '0.5rem' },
    content: { borderRadius: '0.75rem' },
    list: { option: { padding: '0.4375rem 0.625rem', borderRadius: '0.5rem' } },
    overlay: {
      select: { borderRadius: '0.75rem', shadow: 'var(--shadow-pop)' },
      modal: { borderRadius: '1rem', padding: '1.25rem', shadow: 'var(--shadow-pop)' },
    },
    colorScheme: { light: scheme, dark: scheme },
  },
  components: {
    tooltip: {
      root: { maxWidth: '17rem', padding: '0.5rem 0.75rem', borderRadius: '0.5rem', shadow: 'var(--shadow-pop)', gutter: '0.375rem' },
      colorScheme: { light: { root: { background: '#171c20', color: '#ffffff' } }, dark: { root: { background: '#e8ecee', color: '#12181b' } } },
    },
  },
});
