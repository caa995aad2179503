/** What a job says of itself in words: why it waits or ended, and its facts. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { el, setText } from '../dom.ts';
import { dayAndTime, msOf } from '../format.ts';

/** Why it waits, or why it ended as it did. */
export function showReason(element: HTMLElement, { status, queue, terminationDetails: ended }: StatusObject): void {
  const texts = queue
    ? [queue.reason]
    : ended && status !== 70
      ? [
          ended.reason,
          [
            ...(ended.exitCode === null ? [] : [`exit code ${ended.exitCode}`]),
            ...(ended.signal === null ? [] : [ended.signal]),
            ...(ended.OOMKilled ? ['out of memory'] : []),
          ].join(', '),
        ]
      : [];
  const said = texts.filter((text) => text !== '');
  element.hidden = said.length === 0;
  while (element.childElementCount > said.length) element.lastElementChild?.remove();
  while (element.childElementCount < said.length) element.append(el('p', {}));
  said.forEach((text, index) => {
    const line = element.children[index];
    if (line) setText(line, text);
  });
}

export function showFacts(list: HTMLElement, job: StatusObject): void {
  const expires = msOf(job.expireTimestamp);
  const rows: readonly (readonly [string, string])[] = [
    ['Job', job.jobId],
    ['Environment', job.environment],
    ['Owner', job.owner],
    ['Dataset', job.inputDID.join(', ')],
    ['Algorithm', job.algoDID === 'raw' ? 'code of its owner' : job.algoDID],
    ['Order', job.agreementId],
    ['Accepted', dayAndTime(msOf(job.dateCreated) ?? 0)],
    ...(expires === undefined ? [] : [['Results kept until', dayAndTime(expires)] as const]),
  ];
  const texts = rows.flat();
  if ([...list.children].map((child) => child.textContent).join('\n') === texts.join('\n')) return;
  list.replaceChildren(...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}
