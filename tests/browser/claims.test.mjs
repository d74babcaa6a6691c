import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, newVisitor, openPage, visit} from './support.mjs';

async function signedIn(page, name, password) {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(password);
    await button(page, 'Sign in').click();
}

/// Pages of the claimant and of the approver, at these addresses.
async function twoUsers(t, ofAda, ofGrace) {
    const {gallery, page: ada} = await visit(t, ofAda);
    const grace = await openPage(await newVisitor(t), gallery.url(ofGrace));
    await signedIn(ada, 'ada', 'engine');
    await signedIn(grace, 'grace', 'compiler');
    return {gallery, ada, grace};
}

async function submit(page, purpose, amount) {
    await page.getByLabel('What was the money for?').fill(purpose);
    await page.getByLabel('Amount in euros').fill(amount);
    await button(page, 'Submit').click();
    await heading(page, 'Waiting for an approver').waitFor();
}

const line = (page, purpose) => page.getByRole('row').filter({hasText: purpose});
const refused = /403/;

test('a claim appears in the open inbox of an approver and its decision on the page of the claimant', async t => {
    const {ada, grace} = await twoUsers(t, '/claim', '/inbox');
    await heading(grace, 'Inbox of grace').waitFor();
    await submit(ada, 'Train to Basel', '120');
    await line(grace, 'Train to Basel').getByRole('link', {name: /^claim-/}).click();
    await heading(grace, 'Waiting for an approver').waitFor();
    await button(grace, 'Approve').click();
    await grace.getByText('Approved by grace').waitFor();
    await ada.getByText('Approved by grace').waitFor();
    assertFlawless(ada);
    assertFlawless(grace);
});

test('an inbox that is opened right after a submission shows the claim', async t => {
    const {gallery, ada, grace} = await twoUsers(t, '/claim', '/inbox');
    await heading(grace, 'Inbox of grace').waitFor();
    await submit(ada, 'Train to Basel', '120');
    await grace.goto(gallery.url('/inbox'));
    await line(grace, 'Train to Basel').waitFor();
    assertFlawless(grace);
});

test('a claimant cannot approve the own claim', async t => {
    const {page: ada} = await visit(t, '/claim');
    await signedIn(ada, 'ada', 'engine');
    await submit(ada, 'Train to Basel', '120');
    await button(ada, 'Approve').click();
    await ada.getByText('This step waits for somebody else.').waitFor();
    await ada.reload();
    await heading(ada, 'Waiting for an approver').waitFor();
    assertFlawless(ada, refused);
});

test('a user signs out on a page whose address has two parts', async t => {
    const {gallery, page} = await visit(t, '/audit/claim-0');
    await signedIn(page, 'ada', 'engine');
    await button(page, 'Sign out').click();
    await page.waitForURL(url => !url.pathname.startsWith('/audit'));
    await page.goto(gallery.url('/audit/claim-0'));
    await page.getByLabel('Password').waitFor();
});

test('a decision is kept and found after the server was killed', async t => {
    const {gallery, ada, grace} = await twoUsers(t, '/claim', '/inbox');
    await submit(ada, 'Train to Basel', '120');
    await line(grace, 'Train to Basel').waitFor();
    await gallery.restart();
    await grace.goto(gallery.url('/inbox'));
    await signedIn(grace, 'grace', 'compiler');  // logins are in memory
    await line(grace, 'Train to Basel').getByRole('link', {name: /^claim-/}).click();
    await button(grace, 'Approve').click();
    await grace.getByText('Approved by grace').waitFor();
});

test('an approver searches and sorts the inbox', async t => {
    const {gallery, ada, grace} = await twoUsers(t, '/claim', '/inbox');
    for (const [purpose, amount] of [['Train to Basel', '120'], ['Taxi', '40'], ['Train to Bern', '300']]) {
        await ada.goto(gallery.url('/'));
        await ada.getByRole('link', {name: 'Expense claim', exact: true}).click();
        await submit(ada, purpose, amount);
    }
    const purposes = () => grace.locator('tbody tr td:nth-child(3)').allTextContents();
    const shows = (...expected) => eventually(async () => assert.deepEqual(await purposes(), expected));
    await shows('Train to Basel', 'Taxi', 'Train to Bern');
    await button(grace, 'Highest amount').click();
    await shows('Train to Bern', 'Train to Basel', 'Taxi');
    await grace.getByLabel('Purpose contains').fill('Train');
    await button(grace, 'Search').click();
    await shows('Train to Bern', 'Train to Basel');
    assertFlawless(grace);
});

test('the history of a claim shows who did what and is closed to others', async t => {
    const {ada, grace} = await twoUsers(t, '/claim', '/inbox');
    await submit(ada, 'Train to Basel', '120');
    await line(grace, 'Train to Basel').getByRole('link', {name: /^History/}).click();
    await grace.getByRole('row').filter({hasText: 'submit'}).filter({hasText: 'ada'}).waitFor();
    await grace.getByText('purpose_entered = Train to Basel').waitFor();
    const address = grace.url();
    assertFlawless(grace);

    const own = await openPage(ada.context(), address);
    await own.getByText('purpose_entered = Train to Basel').waitFor();  // the claimant's own claim
    const stranger = await openPage(await newVisitor(t), address);
    await heading(stranger, 'Sign in').waitFor();
    assert.equal(new URL(stranger.url()).pathname, '/login');
    assert.equal(await stranger.getByText('Train to Basel').count(), 0);
});

test('an address with the number of a claim leads to it', async t => {
    const {gallery, ada, grace} = await twoUsers(t, '/claim', '/inbox');
    await submit(ada, 'Train to Basel', '120');
    const number = await ada.locator('dd').first().textContent();
    await grace.goto(gallery.url(`/claim?c=@${number}`));
    await grace.getByText('Train to Basel').waitFor();
    const unknown = await grace.goto(gallery.url('/claim?c=@claim-unknown'));
    assert.equal(unknown.status(), 404);
});
