import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, mark, serverAway, visit} from './support.mjs';

const note = (page, name) => page.getByRole('article', {name, exact: true});
const remark = (page, name) => note(page, name).getByLabel('Your remark');

const stand = (page, ...titles) => eventually(async () =>
    assert.deepEqual(await page.getByRole('article').getByRole('heading').allTextContents(), titles));

test('columns open, change places and close; what is typed in the others stays', async t => {
    const {gallery, page} = await visit(t, '/columns');
    await mark(page);
    await stand(page, 'Bread');
    await remark(page, 'Bread').fill('Try rye');
    await button(note(page, 'Bread'), 'Oven').dblclick(); // one column
    await stand(page, 'Bread', 'Oven');
    await button(note(page, 'Bread'), 'Waiting').click();
    await stand(page, 'Bread', 'Waiting', 'Oven');
    await remark(page, 'Waiting').fill('Overnight');

    await button(page, 'Move left Oven').click();
    await stand(page, 'Bread', 'Oven', 'Waiting');
    assert.ok(await button(page, 'Move left Oven').evaluate(element => element === document.activeElement));
    await page.keyboard.press('Enter'); // the focus went along
    await stand(page, 'Oven', 'Bread', 'Waiting');
    assert.equal(await remark(page, 'Bread').inputValue(), 'Try rye');

    await gallery.restart();
    await button(page, 'Move right Bread').click();
    await stand(page, 'Oven', 'Waiting', 'Bread');
    await button(page, 'Close Oven').click();
    await stand(page, 'Waiting', 'Bread');
    assert.equal(await remark(page, 'Bread').inputValue(), 'Try rye');
    assert.equal(await remark(page, 'Waiting').inputValue(), 'Overnight');
    await assertNotReloaded(page);

    await page.reload();
    await stand(page, 'Waiting', 'Bread');
    assertFlawless(page, serverAway);
});
