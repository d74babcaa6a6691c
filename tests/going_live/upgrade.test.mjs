// The upgrade and the downgrade of tutorial/12-going-live.md: the previous release, which has no blocked items, and the
// release of the page run in turn on one store.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {copyFile, rm} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {blocksOf} from '../tutorial/follow.mjs';
import {Member, Standup} from './support.mjs';

const before = process.env.STUBE_BEFORE;
const now = process.env.STUBE_STANDUP;

async function replaceBy(standup, program) {
    assert.equal(await standup.end('SIGTERM'), 0);
    standup.program = program;
    await standup.start();
}

/// The check that the page asks its reader to run before the upgrade.
function checkStore(program, standup) {
    const env = {...process.env, STATE_DIRECTORY: standup.folder};
    return spawnSync(program, ['--check-store'], {env, encoding: 'utf8'});
}

async function membersOf(standup, count, items) {
    const members = Array.from({length: count}, () => new Member());
    for (const each of members) {
        await each.begin(standup);
        for (let item = 0; item < items; ++item) await each.add(standup);
    }
    return members;
}

test('the next release continues every board and converts it to its own format', async t => {
    const standup = await Standup.started(t, {program: before});
    const [ada, grace] = await membersOf(standup, 2, 3);
    await ada.send(standup, 'toggle', '[2]');
    await replaceBy(standup, now);
    assert.deepEqual(await ada.buttonsOf(standup), ['Done Blocked', 'Not done Blocked', 'Done Blocked']);
    await ada.send(standup, 'set', '[3,"blocked"]');
    await ada.add(standup);
    assert.deepEqual(
        await ada.buttonsOf(standup), ['Done Blocked', 'Not done Blocked', 'Not done Done', 'Done Blocked']);
    assert.equal(await grace.itemsOn(standup), 3);
});

test('the previous release refuses and keeps unreadable boards and continues the others', async t => {
    const standup = await Standup.started(t, {program: before});
    const [ada, grace] = await membersOf(standup, 2, 3);
    await replaceBy(standup, now);
    await ada.add(standup);
    await replaceBy(standup, before);
    assert.equal(await grace.itemsOn(standup), 3);
    await grace.add(standup);
    const refused = await ada.visit(standup);
    assert.ok(refused.status >= 400, String(refused.status));
    await replaceBy(standup, now);
    assert.equal(await ada.itemsOn(standup), 4);
    assert.equal(await grace.itemsOn(standup), 4);
});

test('the store can be checked while another release serves from it', async t => {
    const standup = await Standup.started(t, {program: before});
    const [ada] = await membersOf(standup, 3, 2);
    const found = checkStore(now, standup);
    assert.equal(found.status, 0, found.stdout + found.stderr);
    const report = blocksOf('12-going-live.md').find(block => block.text.includes('./build/standup --check-store')).text;
    assert.equal(found.stdout.trim(), report.slice(report.indexOf('\n') + 1).trim());
    await ada.add(standup);
    await replaceBy(standup, now);
    await ada.add(standup);
    assert.equal(checkStore(now, standup).status, 0);
    const back = checkStore(before, standup);
    assert.equal(back.status, 1, back.stdout + back.stderr);
});

test('an older copy of the database is refused while the high-water mark of the newer one exists', async t => {
    const standup = await Standup.started(t);
    const [ada] = await membersOf(standup, 1, 1);
    assert.equal(await standup.end('SIGTERM'), 0);
    const copy = path.join(standup.folder, 'backup');
    await copyFile(path.join(standup.folder, 'standup.db'), copy);
    await standup.start();
    await ada.add(standup);
    await ada.add(standup);
    assert.equal(await standup.end('SIGTERM'), 0);
    await copyFile(copy, path.join(standup.folder, 'standup.db'));
    await assert.rejects(standup.start(), /exited with 1/);
    await rm(path.join(standup.folder, 'standup.db.mark'));
    await standup.start();
    assert.equal(await ada.itemsOn(standup), 1);
});
