/** A bar of the phases of a job: filled behind it, growing or moving where it is, cut off where it ended. */
import { el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { PHASE_LABEL, type Phase } from '../phases.ts';

const STATE_LABEL: Readonly<Record<Phase['state'], string>> = {
  ahead: 'not yet',
  active: 'now',
  done: 'done',
  failed: 'failed',
  stopped: 'stopped',
};

/** `isLarge`: with the names of the phases, for one job alone. */
export function phaseBar(isLarge: boolean): View<readonly Phase[]> {
  const track = el('div', { class: isLarge ? 'phases large' : 'phases', role: 'img' });
  const show = keyedList<Phase>(
    track,
    ({ name }) => name,
    ({ name }) => {
      const fill = el('span', { class: 'fill' });
      const share = el('span', { class: 'share' });
      const label = isLarge && el('span', { class: 'name' }, PHASE_LABEL[name], ' ', share);
      const element = el('span', { class: 'phase' }, el('span', { class: 'track' }, fill), label);
      return {
        element,
        update(phase) {
          setAttribute(element, 'data-state', phase.state);
          setAttribute(element, 'data-known', phase.share !== undefined);
          fill.style.setProperty('--share', String(phase.share ?? 1));
          setText(share, phase.share === undefined ? '' : `${Math.floor(phase.share * 100)} %`);
        },
      };
    },
  );
  return {
    element: track,
    update(phases) {
      show(phases);
      setAttribute(track, 'aria-label', phases.map(inWords).join(', '));
    },
  };
}

function inWords({ name, state, share }: Phase): string {
  const percent = share === undefined ? '' : ` ${Math.floor(share * 100)} %`;
  return `${PHASE_LABEL[name]}: ${STATE_LABEL[state]}${percent}`;
}
