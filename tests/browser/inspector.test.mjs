import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, newVisitor, openPage, serverAway, visit} from './support.mjs';

const panelOf = page => page.frameLocator('#stube-inspector');
const link = (page, name) => panelOf(page).getByRole('link', {name, exact: true});
const plus = (page, at) => button(page, '+').nth(at);

/// The page of three counters with the panel beside it.
async function inspected(t) {
    const {gallery, visitor, page} = await visit(t, '/multi-counter?inspect=1', undefined, ['--dev']);
    await heading(panelOf(page), 'Inspector').waitFor();
    return {gallery, visitor, page};
}

test('the panel follows the page and shows what each event has changed', async t => {
    const {page} = await inspected(t);
    await plus(page, 0).click();
    await panelOf(page).getByText('Patches of head 2').waitFor();
    await panelOf(page).getByText('inc of gallery/counter #2').waitFor();
    const changed = panelOf(page).locator('details.changed');
    assert.match(await changed.innerText(), /adults: gallery\/counter #2 counter\.cpp:\d+\s+n: 1/);
    await panelOf(page).getByText(/^instance #2/).click();
    await panelOf(page).getByText('<output>1</output>').waitFor();
    assertFlawless(page);
});

test('each component has an outline with its name and its source', async t => {
    const {page} = await inspected(t);
    const label = page.locator('#i1').evaluate(element => getComputedStyle(element, '::before').content);
    assert.match(await label, /^"gallery\/multi_counter {2}multi_counter\.cpp:\d+"$/);
    assert.equal(await page.locator('[data-stube-component="gallery/counter"]').count(), 3);
    assertFlawless(page);
});

test('a developer goes back in time, and forward to the present again', async t => {
    const {page} = await inspected(t);
    await plus(page, 0).click();
    await plus(page, 0).click();
    await panelOf(page).getByText('Patches of head 3').waitFor();
    await link(page, '#2').click();
    await page.getByText('The page as it was at head 2.').waitFor();
    assert.deepEqual(await page.locator('output').allInnerTexts(), ['1', '2', '0']);
    const old = await page.locator('[inert] button').nth(1).boundingBox();
    await page.mouse.click(old.x + old.width / 2, old.y + old.height / 2);
    await panelOf(page).getByText('Patches of head 2').waitFor();
    assert.deepEqual(await page.locator('output').allInnerTexts(), ['1', '2', '0']);
    await page.reload();
    await page.getByText('The page as it was at head 2.').waitFor();
    await page.getByRole('link', {name: 'Back to now'}).first().click();
    await eventually(async () => assert.deepEqual(await page.locator('output').allInnerTexts(), ['2', '2', '0']));
    await plus(page, 0).click();
    await eventually(async () => assert.deepEqual(await page.locator('output').allInnerTexts(), ['3', '2', '0']));
    assertFlawless(page);
});

test('a fork begins at an earlier head and leaves the first conversation alone', async t => {
    const {page} = await inspected(t);
    const first = page.url();
    await plus(page, 0).click();
    await panelOf(page).getByText('Patches of head 2').waitFor();
    await link(page, '#1').click();
    await page.getByText('The page as it was at head 1.').waitFor();
    await link(page, 'Fork from here').click();
    await panelOf(page).getByText('at head 1').waitFor();
    assert.deepEqual(await page.locator('output').allInnerTexts(), ['0', '2', '0']);
    await plus(page, 2).click();
    await eventually(async () => assert.deepEqual(await page.locator('output').allInnerTexts(), ['0', '2', '1']));
    await page.goto(first);
    assert.deepEqual(await page.locator('output').allInnerTexts(), ['1', '2', '0']);
    assertFlawless(page);
});

test('the page and the panel go on after the server was killed', async t => {
    const {gallery, page} = await inspected(t);
    await plus(page, 0).click();
    await panelOf(page).getByText('Patches of head 2').waitFor();
    await gallery.restart();
    await plus(page, 0).click();
    await panelOf(page).getByText('Patches of head 3').waitFor();
    assertFlawless(page, serverAway);
});

test('the inspector stays on from page to page until it is closed', async t => {
    const {gallery, page} = await inspected(t);
    await page.goto(gallery.url('/counter'));
    await heading(panelOf(page), 'Inspector').waitFor();
    await link(page, 'Close the inspector').click();
    await page.locator('#stube-inspector').waitFor({state: 'detached'});
    await page.goto(gallery.url('/tabs'));
    assert.equal(await page.locator('#stube-inspector').count(), 0);
    assertFlawless(page);
});

test('a server without --dev has no inspector', async t => {
    const {gallery, page} = await visit(t, '/multi-counter?inspect=1');
    assert.equal(await page.locator('#stube-inspector').count(), 0);
    const stranger = await openPage(await newVisitor(t));
    const answer = await stranger.goto(gallery.url('/stube/inspector?of=x'));
    assert.equal(answer.status(), 404);
    assertFlawless(page);
});
