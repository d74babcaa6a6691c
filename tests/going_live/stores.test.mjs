// The board of tutorial/09-stores.md on each of its stores, killed and started again.
import assert from 'node:assert/strict';
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {Member, Standup} from './support.mjs';

const files = {
    'memory': [],
    'file': ['standup'],
    'one-file': ['standup.jsonl', 'standup.jsonl.lock'],
    'sqlite': ['standup.db', 'standup.db.lock'],
};

for (const [store, left] of Object.entries(files)) {
    test(`${store}: added items are ${left.length ? 'kept' : 'lost'} after kill -9`, async t => {
        const standup = await Standup.started(t, {program: process.env.STUBE_STORES, args: [store]});
        const ada = new Member();
        await ada.begin(standup);
        for (let count = 0; count < 3; ++count) await ada.add(standup);
        await standup.end('SIGKILL');
        await standup.start();
        if (!left.length) return assert.equal((await ada.visit(standup)).status, 404);
        assert.equal(await ada.itemsOn(standup), 3);
        await ada.add(standup);
        assert.equal(await standup.end('SIGTERM'), 0);
        const found = await readdir(standup.folder);
        for (const file of left) {
            assert.ok(found.includes(file), `${file} is not among ${found}`);
            assert.equal((await stat(path.join(standup.folder, file))).mode & 0o077, 0, `others can read ${file}`);
        }
    });
}
