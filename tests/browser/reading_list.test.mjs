import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, newVisitor, openPage, serverAway, visit} from './support.mjs';

const shows = (page, ...titles) => eventually(async () =>
    assert.deepEqual(await page.getByRole('listitem').locator('strong').allTextContents(), titles));

test('the address contains the filter and the order of a list but not its content', async t => {
    const {gallery, page} = await visit(t, '/reading-list');
    await shows(page, 'Dead Souls', 'Don Quixote', 'Effi Briest', 'Jane Eyre', 'Middlemarch');
    await button(page, 'To read').click();
    await button(page, 'Year').click();
    await shows(page, 'Dead Souls', 'Middlemarch', 'Effi Briest');
    await page.getByRole('button', {name: 'Done with Middlemarch'}).dblclick();
    await shows(page, 'Dead Souls', 'Effi Briest');
    await page.getByText('2 of 5 books').waitFor();
    assert.match(page.url(), /[?&]show=to_read&sort=year/);

    const friend = await openPage(await newVisitor(t), page.url());
    await shows(friend, 'Dead Souls', 'Middlemarch', 'Effi Briest');
    await gallery.restart();
    await page.reload();
    await shows(page, 'Dead Souls', 'Effi Briest');
    await button(page, 'All').click();
    await shows(page, 'Don Quixote', 'Dead Souls', 'Jane Eyre', 'Middlemarch', 'Effi Briest');
    assertFlawless(page, serverAway);
    assertFlawless(friend, serverAway);
});

test('another filter is not a step and Back leaves the page', async t => {
    const {gallery, page} = await visit(t, '/');
    await page.getByRole('link', {name: 'Reading list', exact: true}).click();
    await button(page, 'Read').click();
    await shows(page, 'Don Quixote', 'Jane Eyre');
    await button(page, 'Author').click();
    await shows(page, 'Jane Eyre', 'Don Quixote');
    await page.goBack();
    assert.equal(page.url(), gallery.url('/'));
    await page.goForward();
    await shows(page, 'Jane Eyre', 'Don Quixote');
    assertFlawless(page);
});
