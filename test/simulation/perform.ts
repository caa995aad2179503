/** Does what a schedule says. */
import type { Action } from './actions.ts';
import type { Consumer } from './parts/consumer.ts';
import type { Node } from './parts/node.ts';

export function perform(action: Action, node: Node, consumers: readonly Consumer[]): void {
  const consumer = (index: number) => consumers[index % consumers.length] as Consumer;
  switch (action.kind) {
    case 'order':
      return consumer(action.who).order();
    case 'listen':
      return consumer(action.who).listen();
    case 'hang up':
      return consumer(action.who).hangUp();
    case 'restart':
      return consumer(action.who).restart(action.pick);
    case 'stop':
      return consumer(action.who).stop(action.pick);
    case 'delete':
      return consumer(action.who).remove(action.pick);
    case 'replay':
      return consumer(action.who).replay(action.pick);
    case 'crash':
      return node.crash(action.member, action);
    case 'terminate':
      return node.terminate(action.member, action.ms);
    case 'cut off':
      return node.cut(action.member, action.ms);
    case 'drop NATS':
      return node.dropNats(
        action.loss === 'tail' ? { kind: 'tail', lastMs: action.tailMs } : { kind: action.loss },
        action.ms,
      );
    case 'trouble the engine':
      return node.troubleEngine(action.runner, action.how, action.ms);
    case 'spoil answers':
      return node.spoilAnswers(action.runner, action.how, action.percent / 100, action.ms);
    case 'cut the power':
      return node.cutPower(action.runner, action);
    case 'lose a container':
      return node.loseContainer(action.runner);
    case 'wipe the runner':
      return node.wipeRunner(action.runner, action.ms);
    case 'trouble':
      return node.trouble(action.percent / 100, action.ms);
  }
}
