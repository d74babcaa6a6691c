import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, mark, serverAway, visit} from './support.mjs';

const parts = async page => Number(await page.getByRole('progressbar', {name: 'Progress'}).getAttribute('value'));
const done = page => page.getByText('Done: 664,579 primes'); // below ten million

test('a report is computed in the background without a reload', async t => {
    const {page} = await visit(t, '/report');
    await mark(page);
    await button(page, 'Start').dblclick();
    await done(page).waitFor();
    assert.equal(await parts(page), 5);
    await assertNotReloaded(page);
    await page.reload();
    await done(page).waitFor();
    assertFlawless(page);
});

test('a report shows the interruption by a restart and resumes from there', async t => {
    const {gallery, page} = await visit(t, '/report');
    await mark(page);
    // Fifty parts: the work is not finished before the restart, even if the test is slow.
    await page.getByLabel('Up to').selectOption('100,000,000');
    await button(page, 'Start').click();
    await eventually(async () => assert.ok(await parts(page) >= 1));
    await gallery.restart();
    await page.getByRole('alert').filter({hasText: 'This was interrupted by a restart.'}).waitFor();
    const kept = await parts(page);
    assert.ok(kept >= 1 && kept < 50);

    await button(page, 'Go on').click();
    await page.getByText(/^Working on part \d+ of 50$/).waitFor();
    await eventually(async () => assert.ok(await parts(page) > kept));
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('a report shows a failure of the work and can resume', async t => {
    const {page} = await visit(t, '/report');
    await page.getByLabel('Jam the machine').check();
    await button(page, 'Start').click();
    await page.getByRole('alert').filter({hasText: 'This could not be completed.'}).waitFor();
    await page.getByLabel('Jam the machine').uncheck();
    await button(page, 'Go on').click();
    await done(page).waitFor();
    await button(page, 'Clear').click();
    await button(page, 'Start').waitFor();
    assertFlawless(page);
});
