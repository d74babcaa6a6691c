import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const isOpen = (page, name, yes) => eventually(async () =>
    assert.equal(await button(page, name).getAttribute('aria-expanded'), String(yes)));

test('branches open and close and keep their state across a restart and a reload', async t => {
    const {gallery, page} = await visit(t, '/tree');
    await button(page, 'Animals').click();
    await button(page, 'Mammals').click();
    await button(page, 'Bats').click();
    await page.getByText('Pipistrelle').waitFor();
    await isOpen(page, 'Animals', true);
    await isOpen(page, 'Birds', false);

    await gallery.restart();
    await button(page, 'Plants').click();
    await button(page, 'Ferns').click();
    await page.getByText('Bracken').waitFor();
    await page.reload();
    await page.getByText('Pipistrelle').waitFor();
    await page.getByText('Bracken').waitFor();

    await button(page, 'Animals').click();
    await page.getByText('Pipistrelle').waitFor({state: 'hidden'});
    await page.getByText('Bracken').waitFor();
    await button(page, 'Animals').dblclick();
    await isOpen(page, 'Animals', false);
    assertFlawless(page, serverAway);
});

test('the keyboard opens a branch and keeps the focus', async t => {
    const {page} = await visit(t, '/tree');
    await button(page, 'Plants').focus();
    await page.keyboard.press('Enter');
    await isOpen(page, 'Plants', true);
    await button(page, 'Trees').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Beech').waitFor();
    await isOpen(page, 'Ferns', false);
    assertFlawless(page);
});
