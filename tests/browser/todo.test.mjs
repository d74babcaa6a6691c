import assert from 'node:assert/strict';
import {test} from 'node:test';
import {holds} from './levels.mjs';
import {aMoment, assertFlawless, assertNotReloaded, button, eventually, mark, openPage, serverAway, visit} from './support.mjs';

const row = (page, text) => page.getByRole('listitem').filter({hasText: text});
const box = (page, text) => page.getByRole('checkbox', {name: text, exact: true});
const isTicked = (page, text, checked) => page.getByRole('checkbox', {name: text, exact: true, checked}).waitFor();
const counts = (page, text) => page.getByText(text, {exact: true}).waitFor();

async function add(page, text) {
    await page.getByLabel('New').fill(text);
    await page.keyboard.press('Enter');
    await box(page, text).waitFor();
}

test('items are added and checked off and deleted', async t => {
    const {gallery, page} = await visit(t, '/todo');
    await mark(page);
    await add(page, 'Milk');
    await eventually(async () => assert.equal(await page.getByLabel('New').inputValue(), ''));
    await add(page, 'Bread');
    await counts(page, '2 of 2 to do');
    await box(page, 'Milk').dblclick(); // the second click must not undo the first
    await counts(page, '1 of 2 to do');
    await isTicked(page, 'Milk', true);

    await gallery.restart();
    await box(page, 'Milk').click();
    await counts(page, '2 of 2 to do');
    await box(page, 'Milk').click();
    await counts(page, '1 of 2 to do');
    await assertNotReloaded(page);
    await page.reload();
    await isTicked(page, 'Milk', true);
    await isTicked(page, 'Bread', false);

    await button(page, 'Delete Milk').dblclick(); // the second click must not confirm
    await page.getByRole('dialog', {name: 'Delete "Milk"?'}).waitFor();
    await aMoment();
    await button(page, 'Delete').dblclick();
    await counts(page, '1 of 1 to do');
    assert.equal(await row(page, 'Milk').count(), 0);
    assertFlawless(page, serverAway);
});

test('unsent text is restored after a dialog has replaced its component', async t => {
    const {page} = await visit(t, '/todo');
    await add(page, 'Milk');
    await page.getByLabel('New').fill('Bread');
    await button(page, 'Delete Milk').click();
    await page.getByRole('dialog', {name: 'Delete "Milk"?'}).waitFor();
    await button(page, 'Keep').click();
    await box(page, 'Milk').waitFor();
    assert.equal(await page.getByLabel('New').inputValue(), 'Bread');

    await button(page, 'Delete Milk').click();
    await page.reload();
    await button(page, 'Keep').click();
    await box(page, 'Milk').waitFor();
    assert.equal(await page.getByLabel('New').inputValue(), 'Bread');

    await page.getByLabel('New').press('Enter');
    await box(page, 'Bread').waitFor();
    await eventually(async () => assert.equal(await page.getByLabel('New').inputValue(), ''));
    assertFlawless(page);
});

test('keys typed into a field do not answer a dialog that another tab opens', async t => {
    const {visitor, page} = await visit(t, '/todo');
    await add(page, 'Milk');
    const other = await openPage(visitor, page.url());
    await page.getByLabel('New').pressSequentially('Bread and');
    await button(other, 'Delete Milk').click();
    const dialog = page.getByRole('dialog', {name: 'Delete "Milk"?'});
    await dialog.waitFor();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await aMoment();
    assert.ok(await dialog.isVisible());
    await button(page, 'Keep').click();
    await holds(page.getByLabel('New'), 'Bread and');
    assertFlawless(page);
});

test('unsent text is restored after a reload and after Back', async t => {
    const {gallery, page} = await visit(t, '/todo');
    await add(page, 'Milk');
    await page.getByLabel('New').fill('Bread');
    await page.reload();
    await holds(page.getByLabel('New'), 'Bread');
    await page.goto(gallery.url('/counter'));
    await page.goBack();
    await holds(page.getByLabel('New'), 'Bread');
    await page.getByLabel('New').press('Enter');
    await box(page, 'Bread').waitFor();
    assertFlawless(page);
});

test('two rows are edited in place at the same time', async t => {
    const {page} = await visit(t, '/todo');
    await add(page, 'Milk');
    await add(page, 'Bread');
    await button(page, 'Edit Milk').click();
    await page.getByLabel('What to do').fill('Oat milk');
    await button(page, 'Edit Bread').click();
    await eventually(async () => assert.equal(await page.getByLabel('What to do').count(), 2));

    // The row that was opened last has the focus. Text typed in the other row is kept.
    await page.keyboard.type(' rolls');
    await page.keyboard.press('Escape');
    await box(page, 'Bread').waitFor();
    assert.equal(await page.getByLabel('What to do').inputValue(), 'Oat milk');
    await page.getByLabel('What to do').press('Enter');
    await box(page, 'Oat milk').waitFor();
    await eventually(async () =>
        assert.deepEqual(await page.getByRole('listitem').getByRole('checkbox').count(), 2));

    await page.goBack();
    await page.getByLabel('What to do').waitFor();
    await page.goForward();
    await box(page, 'Oat milk').waitFor();
    assertFlawless(page);
});
