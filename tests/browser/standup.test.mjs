import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, newVisitor, openPage, visit} from './support.mjs';

const item = (page, text) => page.getByRole('listitem').filter({hasText: text});
const answers = (page, name) => button(page.getByRole('dialog'), name).click();

async function signIn(page, name, password) {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(password);
    await button(page, 'Sign in').click();
    await page.getByText(`You are ${name}.`).waitFor();
}

async function add(page, text) {
    await button(page, 'New item').click();
    await page.getByLabel('What').fill(text);
    await button(page, 'Save').click();
    await item(page, text).waitFor();
}

test('two members work on one board across a restart', async t => {
    const {gallery, page} = await visit(t, '/standup');
    await signIn(page, 'ada', 'engine');
    const other = await openPage(await newVisitor(t), gallery.url('/standup?show=mine'));
    await signIn(other, 'grace', 'compiler');

    await add(page, 'Mend the tests');
    await add(page, 'Call the customer');
    await other.getByText('Nothing to show here.').waitFor();
    await button(other, 'All').click();
    await button(other, 'Take Mend the tests').click();
    await item(page, 'Mend the tests').filter({hasText: 'grace'}).waitFor();
    await button(page, 'Delete Call the customer').click();
    await answers(page, 'Delete');
    await item(other, 'Call the customer').waitFor({state: 'detached'});

    await button(page, 'Edit Mend the tests').click();
    await page.getByLabel('What').waitFor();
    await page.waitForURL(/[?&]c=/);
    const bookmark = page.url();
    await gallery.restart(); // signs everybody out
    await page.goto(bookmark);
    await signIn(page, 'ada', 'engine');
    await page.getByLabel('What').fill('Mend two tests');
    await button(page, 'Save').click();
    await item(page, 'Mend two tests').waitFor();
});

test('the filter is in the address and Back returns to the unfiltered board', async t => {
    const {page} = await visit(t, '/standup');
    await signIn(page, 'ada', 'engine');
    await add(page, 'Mend the tests');
    await button(page, 'Blocked').click();
    await page.waitForURL(/show=blocked/);
    await page.getByText('Nothing to show here.').waitFor();
    await page.goBack();
    await item(page, 'Mend the tests').waitFor();
    await button(page, 'Mine').click();
    await page.waitForURL(/show=mine/);
    await item(page, 'Mend the tests').waitFor();
    assertFlawless(page);
});

test('a new member joins the team', async t => {
    const {page} = await visit(t, '/standup');
    await signIn(page, 'ada', 'engine');
    await button(page, 'New person').click();
    await page.getByLabel('Name').fill('Barbara');
    await button(page, 'Next').click();
    await answers(page, 'tester');
    await answers(page, 'Right');
    await item(page, 'Barbara, tester').waitFor();
    await page.goBack(); // Back does not return to a finished task
    assert.equal(await page.getByRole('dialog').count(), 0);
    assertFlawless(page);
});
