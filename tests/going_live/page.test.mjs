// The files shown by tutorial/12-going-live.md equal the files beside it, and systemd accepts its unit.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {copyFile, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {blocksOf} from '../tutorial/follow.mjs';
import {fileOfPage, pageFolder, scratchFolder} from './support.mjs';

const shown = {ini: 'standup.service', nginx: 'nginx.conf', caddy: 'Caddyfile'};

for (const [language, file] of Object.entries(shown)) {
    test(`the page shows ${file} as it is`, async () => {
        const blocks = blocksOf('12-going-live.md').filter(block => block.language === language);
        assert.deepEqual(blocks.map(block => block.text), [await readFile(path.join(pageFolder, file), 'utf8')]);
    });
}

test('systemd accepts the unit and rates it as safe', async t => {
    const folder = await scratchFolder(t);
    const program = path.join(folder, 'standup');
    await copyFile(process.env.STUBE_STANDUP, program);
    const unit = path.join(folder, 'standup.service');
    await writeFile(unit, await fileOfPage('standup.service', [['/opt/standup/standup', program]]));
    const analyze = (...args) => {
        const done = spawnSync(process.env.STUBE_SYSTEMD_ANALYZE, args, {encoding: 'utf8'});
        assert.equal(done.status, 0, done.stdout + done.stderr);
        return done.stdout + done.stderr;
    };
    assert.equal(analyze('verify', unit), '');
    analyze('security', '--offline=true', '--threshold=15', unit); // of 100; the unit without its second half has 96
});
