import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aMoment, assertFlawless, assertNotReloaded, button, eventually, mark, openPage, serverAway, visit} from './support.mjs';

const time = page => page.getByRole('timer', {name: 'Time of day'});

/// Waits until the time has changed `times` times.
async function ticks(page, times = 2) {
    for (let i = 0; i < times; ++i) {
        const before = await time(page).textContent();
        assert.match(before, /^\d\d:\d\d:\d\d$/);
        await eventually(async () => assert.notEqual(await time(page).textContent(), before));
    }
}

async function isPaused(page) {
    const before = await time(page).textContent();
    await aMoment();
    await aMoment();
    assert.equal(await time(page).textContent(), before);
}

test('the clock ticks and pauses and resumes in every tab', async t => {
    const {visitor, page} = await visit(t, '/clock');
    await ticks(page);
    const other = await openPage(visitor, page.url());
    await Promise.all([ticks(page), ticks(other)]);

    await button(other, 'Pause').click();
    await button(page, 'Go on').waitFor();
    await Promise.all([isPaused(page), isPaused(other)]);
    await page.reload();
    await isPaused(page);

    await button(page, 'Go on').click();
    await Promise.all([ticks(page), ticks(other)]);
    assertFlawless(page);
    assertFlawless(other);
});

test('a running clock resumes after kill -9 and restart and a paused clock stays paused', async t => {
    const {gallery, page} = await visit(t, '/clock');
    await mark(page);
    await ticks(page, 1);
    await gallery.restart();
    await ticks(page);

    await button(page, 'Pause').click();
    await button(page, 'Go on').waitFor();
    await gallery.restart();
    await isPaused(page);
    await button(page, 'Go on').click();
    await ticks(page);
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});
