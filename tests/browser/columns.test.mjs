import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, mark, serverAway, visit} from './support.mjs';

const note = (page, name) => page.getByRole('article', {name, exact: true});
const remark = (page, name) => note(page, name).getByLabel('Your remark');

const columnsAre = (page, ...titles) => eventually(async () =>
    assert.deepEqual(await page.getByRole('article').getByRole('heading').allTextContents(), titles));

test('columns open and move and close while text typed in the others is kept', async t => {
    const {gallery, page} = await visit(t, '/columns');
    await mark(page);
    await columnsAre(page, 'Bread');
    await remark(page, 'Bread').fill('Try rye');
    await button(note(page, 'Bread'), 'Oven').dblclick(); // opens one column
    await columnsAre(page, 'Bread', 'Oven');
    await button(note(page, 'Bread'), 'Waiting').click();
    await columnsAre(page, 'Bread', 'Waiting', 'Oven');
    await remark(page, 'Waiting').fill('Overnight');

    await button(page, 'Move left Oven').click();
    await columnsAre(page, 'Bread', 'Oven', 'Waiting');
    assert.ok(await button(page, 'Move left Oven').evaluate(element => element === document.activeElement));
    await page.keyboard.press('Enter'); // the focus has moved with the button
    await columnsAre(page, 'Oven', 'Bread', 'Waiting');
    assert.equal(await remark(page, 'Bread').inputValue(), 'Try rye');

    await gallery.restart();
    await button(page, 'Move right Bread').click();
    await columnsAre(page, 'Oven', 'Waiting', 'Bread');
    await button(page, 'Close Oven').click();
    await columnsAre(page, 'Waiting', 'Bread');
    assert.equal(await remark(page, 'Bread').inputValue(), 'Try rye');
    assert.equal(await remark(page, 'Waiting').inputValue(), 'Overnight');
    await assertNotReloaded(page);

    await page.reload();
    await columnsAre(page, 'Waiting', 'Bread');
    assertFlawless(page, serverAway);
});
