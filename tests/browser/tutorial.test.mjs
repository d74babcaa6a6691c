// Experiments of the tutorial, with a kill -9 in the middle. Page 6: the same steps as a task and as a flow. Page 11: a
// claim of one user that another one approves.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {Program} from '../tutorial/follow.mjs';
import {
    assertFlawless, assertNotReloaded, button, eventually, heading, mark, newVisitor, openPage, serverAway, sourceRoot,
} from './support.mjs';

const answers = (page, name) => button(page.getByRole('dialog'), name).click();
const member = (page, text) => page.getByRole('listitem').filter({hasText: text});
const asksForRole = page => page.getByText('What does Barbara do?').waitFor();

/// The program of a page of the tutorial, in a folder of its own.
async function started(t, name) {
    const folder = mkdtempSync(path.join(tmpdir(), 'stube-tutorial-'));
    const programs = process.env.STUBE_TUTORIAL ?? path.join(sourceRoot, 'build/release/tutorial');
    const program = new Program(path.join(programs, name), folder);
    t.after(async () => {
        await program.kill();
        rmSync(folder, {recursive: true, force: true});
    });
    await program.start();
    return program;
}

async function board(t) {
    const program = await started(t, '06-tasks-and-flows');
    const page = await openPage(await newVisitor(t), program.url('/'));
    await mark(page);
    return {program, page};
}

async function enterName(page) {
    await page.getByLabel('Name').fill('Barbara');
    await button(page, 'Next').click();
    await asksForRole(page);
}

test('a task continues at its step after the server was killed', async t => {
    const {program, page} = await board(t);
    await button(page, 'New person').click();
    await enterName(page);

    await program.restart();
    await answers(page, 'tester');
    await page.getByText('Barbara joins the team as tester.').waitFor();
    await program.kill();
    await answers(page, 'Right'); // while there is no server
    await page.getByText('Your last action is kept and will be sent.').waitFor();
    await program.start();
    await member(page, 'Barbara, tester').waitFor();
    assert.equal(await member(page, 'Barbara').count(), 1);
    await assertNotReloaded(page);

    await page.reload();
    await member(page, 'Barbara, tester').waitFor();
    assertFlawless(page, serverAway);
});

test('a flow is lost when the server is killed and the open page reports it', async t => {
    const {program, page} = await board(t);
    await button(page, 'New person, by a flow').click();
    await enterName(page);
    await eventually(() => assert.match(program.log, /onboarding_flow/, 'the log names the flow'));

    await program.restart();
    await page.getByRole('heading', {name: /could not be kept/i}).waitFor();
    await assertNotReloaded(page);
    await page.reload();
    await page.getByRole('heading', {name: /could not be kept/i}).waitFor();

    await page.getByRole('main').getByRole('link', {name: 'Start again'}).click();
    await button(page, 'New person, by a flow').click();
    await enterName(page);
    await answers(page, 'tester');
    await answers(page, 'Right');
    await member(page, 'Barbara, tester').waitFor();
    assertFlawless(page, serverAway, /status of 410/);
});

test('a conversation is saved again after its flow has ended', async t => {
    const {program, page} = await board(t);
    await button(page, 'New person, by a flow').click();
    await enterName(page);
    await answers(page, 'tester');
    await answers(page, 'Right');
    await member(page, 'Barbara, tester').waitFor();

    await program.restart();
    await button(page, 'New person').click();
    await eventually(async () => assert.equal(await page.getByLabel('Name').count(), 1));
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

// ---- page 11 ----------------------------------------------------------------------------------------

const expenses = t => started(t, '11-history-and-audit');
const row = (page, text) => page.getByRole('row').filter({hasText: text});
const decided = page => page.getByText('Approved by Grace').waitFor();

async function signIn(page, name) {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill('standup');
    await button(page, 'Sign in').click();
}

/// A page of this user in a browser of the user's own.
async function pageOf(t, program, name, at) {
    const page = await openPage(await newVisitor(t), program.url(at));
    await signIn(page, name);
    return page;
}

async function enterClaim(page, purpose, amount, kind = 'travel') {
    await page.getByLabel('What was the money for?').fill(purpose);
    await page.getByLabel('Kind').selectOption(kind);
    await page.getByLabel('Amount in euros').fill(amount);
    await button(page, 'Next').click();
}

/// Returns the number of the claim.
async function submitClaim(page, purpose, amount) {
    await enterClaim(page, purpose, amount);
    await answers(page, 'Submit');
    await heading(page, 'Waiting for an approver').waitFor();
    return (await page.getByText(purpose).textContent()).split(':')[0];
}

async function approve(page, number) {
    await page.getByRole('link', {name: number}).click();
    await page.getByLabel('PIN').fill('1906');
    await button(page, 'Approve').click();
    await decided(page);
}

test('a claim is approved from the inbox after the server was killed', async t => {
    const program = await expenses(t);
    const grace = await pageOf(t, program, 'Grace', '/inbox');
    const ada = await pageOf(t, program, 'Ada', '/');
    const number = await submitClaim(ada, 'Train to Basel', '1200');
    assert.match(number, /^claim-[0-9]{6}$/);
    await row(grace, 'Train to Basel').waitFor();

    await program.restart();
    await grace.goto(program.url('/inbox'));
    await signIn(grace, 'Grace'); // logins are in memory
    await approve(grace, number);
    await ada.reload();
    await signIn(ada, 'Ada');
    await decided(ada);
    await grace.goto(program.url('/inbox'));
    await grace.getByText('wait for you: 0. Approved so far: € 1200').waitFor();
    assertFlawless(grace, serverAway);
});

test('the inbox finds large claims and sorts them by amount', async t => {
    const program = await expenses(t);
    const grace = await pageOf(t, program, 'Grace', '/inbox');
    const ada = await pageOf(t, program, 'Ada', '/');
    for (const [purpose, amount] of [['Bern', '300'], ['Basel', '1200'], ['Rome', '2000']]) {
        await ada.goto(program.url('/'));
        await submitClaim(ada, purpose, amount);
    }
    const shows = (...expected) => eventually(async () =>
        assert.deepEqual(await grace.locator('tbody tr td:nth-child(3)').allTextContents(), expected));
    await shows('Bern', 'Basel', 'Rome');
    await button(grace, 'Above € 1000').click();
    await shows('Basel', 'Rome');
    await button(grace, 'Highest amount first').click();
    await shows('Rome', 'Basel');
    await button(grace, 'All amounts').click();
    await shows('Rome', 'Basel', 'Bern');
    assertFlawless(grace);
});

test('the history of a claim shows what was taken back and no secret', async t => {
    const program = await expenses(t);
    const ada = await pageOf(t, program, 'Ada', '/');
    await enterClaim(ada, 'Train to Basel', '1400');
    await button(ada, 'Submit').waitFor();
    await ada.goBack();
    await ada.getByLabel('Amount in euros').waitFor();
    const number = await submitClaim(ada, 'Train to Basel', '1200');
    const grace = await pageOf(t, program, 'Grace', '/inbox');
    await approve(grace, number);

    await grace.goto(program.url(`/audit/${number}`));
    await row(grace, 'amount: 1400').filter({hasText: 'event review (taken back)'}).waitFor();
    await row(grace, 'amount: 1200').filter({hasText: 'Ada'}).waitFor();
    await row(grace, 'pin: (secret)').filter({hasText: 'Grace'}).waitFor();
    await button(grace, 'Page 2').click();
    await grace.getByText('Claim Train to Basel, € 1400?').waitFor();
    assert.ok(!(await grace.content()).includes('1906'));
    assertFlawless(grace);
});

test('a claim does not exist for a user who is neither its claimant nor an approver', async t => {
    const program = await expenses(t);
    const ada = await pageOf(t, program, 'Ada', '/');
    const number = await submitClaim(ada, 'Train to Basel', '1200');
    const edsger = await pageOf(t, program, 'Edsger', new URL(ada.url()).pathname + new URL(ada.url()).search);
    await heading(edsger, 'Claim expenses').waitFor(); // an empty claim of his own
    assert.equal(await edsger.getByText('Basel').count(), 0);
    assert.notEqual(edsger.url(), ada.url());
    await edsger.goto(program.url(`/audit/${number}`));
    await edsger.getByText('Events: 0').waitFor();
    for (const at of [`/?c=@${number}`, '/?c=@claim-0'])
        assert.equal((await edsger.goto(program.url(at))).status(), 404);
    for (const at of [`/again?claim=${number}`, '/again?claim=claim-0'])
        assert.equal((await edsger.goto(program.url(at))).status(), 400);
});

test('a claimant cannot approve and a fork of a claim gets a number of its own', async t => {
    const program = await expenses(t);
    const ada = await pageOf(t, program, 'Ada', '/');
    const number = await submitClaim(ada, 'Train to Basel', '1200');
    await ada.getByLabel('PIN').fill('1906');
    await button(ada, 'Approve').click();
    await ada.getByText('This step waits for somebody else.').waitFor();
    const grace = await pageOf(t, program, 'Grace', '/inbox');
    await approve(grace, number);

    await decided(ada);
    await ada.getByRole('link', {name: 'Claim this again'}).click();
    await answers(ada, 'Submit');
    await heading(ada, 'Waiting for an approver').waitFor();
    const second = (await ada.getByText('Train to Basel').textContent()).split(':')[0];
    assert.notEqual(second, number);
    await grace.goto(program.url('/inbox'));
    await approve(grace, second);
});
