import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aMoment, assertFlawless, button, eventually, heading, openPage, visit} from './support.mjs';

const shows = (page, number) =>
    eventually(async () => assert.equal(await page.locator('output').textContent(), String(number)));

async function signIn(page, name, password) {
    await heading(page, 'Sign in').waitFor();
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(password);
    await button(page, 'Sign in').click();
}

test('a protected page asks for a login and then shows the requested page', async t => {
    const {page} = await visit(t, '/protected-counter');
    await signIn(page, 'ada', 'wrong');
    await page.getByRole('alert').getByText('do not match').waitFor();
    await signIn(page, 'ada', 'engine');
    await heading(page, 'Counter of ada').waitFor();
    await button(page, '+').click();
    await shows(page, 1);
    await page.reload();
    await shows(page, 1);
    assertFlawless(page);
});

test('the counter of a user is not shown to the next user of the same browser', async t => {
    const {visitor, gallery, page} = await visit(t, '/protected-counter');
    await signIn(page, 'ada', 'engine');
    await button(page, '+').click();
    await shows(page, 1);
    await page.waitForURL(/[?&]c=/);
    const bookmark = page.url();
    const leftOpen = await openPage(visitor, bookmark);
    await shows(leftOpen, 1);

    await button(page, 'Sign out').click();
    await heading(page, 'Sign in').waitFor();
    await page.goto(bookmark);
    await heading(page, 'Sign in').waitFor();
    await button(leftOpen, '+').click();
    await leftOpen.getByText('has signed out').waitFor();
    await leftOpen.close();

    await page.goto(gallery.url('/protected-counter'));
    await signIn(page, 'grace', 'compiler');
    await heading(page, 'Counter of grace').waitFor();
    await shows(page, 0);
    await page.goto(bookmark);
    await heading(page, 'Counter of grace').waitFor();
    await shows(page, 0);

    await button(page, 'Sign out').click();
    await heading(page, 'Sign in').waitFor();
    await page.goto(bookmark);
    await signIn(page, 'ada', 'engine');
    await heading(page, 'Counter of ada').waitFor();
    await shows(page, 1);
    assertFlawless(page);
});

test('a login ends with the server process but the counter survives', async t => {
    const {gallery, page} = await visit(t, '/protected-counter');
    await signIn(page, 'ada', 'engine');
    await button(page, '+').click();
    await shows(page, 1);
    await page.waitForURL(/[?&]c=/);
    const bookmark = page.url();
    await gallery.restart();
    await aMoment();
    await page.goto(bookmark);
    await signIn(page, 'ada', 'engine');
    await heading(page, 'Counter of ada').waitFor();
    await shows(page, 1);
});
