// The backups of tutorial/12-going-live.md, made with the commands of the page while many people use the board.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {cp, mkdir} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {promisify} from 'node:util';
import {blocksOf} from '../tutorial/follow.mjs';
import {Member, scratchFolder, Standup} from './support.mjs';

const page = '12-going-live.md';

test('each backup contains the whole board at one moment while the board is in use', async t => {
    const standup = await Standup.started(t);
    const backups = await scratchFolder(t);
    const members = Array.from({length: 8}, () => new Member());
    for (const each of members) await each.begin(standup);
    let goesOn = true;
    const busy = members.map(async each => { while (goesOn) await each.add(standup); });
    await new Promise(resolve => setTimeout(resolve, 500));

    const commands = blocksOf(page).filter(block => block.language === 'sh' && block.text.startsWith('sqlite3 '));
    assert.equal(commands.length, 2);
    for (const {text} of commands) {
        const command = text.replaceAll('/var/lib/standup', standup.folder).replaceAll('/var/backups', backups);
        const before = members.map(each => each.acknowledged);
        await promisify(execFile)('bash', ['-euc', command]);
        const after = members.map(each => each.sent);

        const folder = path.join(await scratchFolder(t), 'copy');
        await mkdir(folder);
        await cp(path.join(backups, /standup[-a-z]*\.db/.exec(text.split('/var/backups/')[1])[0]), path.join(folder, 'standup.db'));
        const copy = await Standup.started(t, {folder});
        for (const [at, each] of members.entries()) {
            const items = await each.itemsOn(copy);
            assert.ok(before[at] > 0 && items >= before[at] && items <= after[at], `${before[at]} <= ${items} <= ${after[at]}`);
        }
        assert.equal(await copy.end('SIGTERM'), 0);
    }
    goesOn = false;
    await Promise.all(busy);
    for (const each of members) assert.equal(await each.itemsOn(standup), each.sent);
    assert.equal(await standup.end('SIGTERM'), 0);
});
