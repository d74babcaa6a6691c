// The experiment of page 6 of the tutorial: the same steps as a task and as a flow, with a kill -9 in the middle.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {Program} from '../tutorial/follow.mjs';
import {
    assertFlawless, assertNotReloaded, button, eventually, mark, newVisitor, openPage, serverAway, sourceRoot,
} from './support.mjs';

const answers = (page, name) => button(page.getByRole('dialog'), name).click();
const member = (page, text) => page.getByRole('listitem').filter({hasText: text});
const asksForRole = page => page.getByText('What does Barbara do?').waitFor();

async function board(t) {
    const folder = mkdtempSync(path.join(tmpdir(), 'stube-onboarding-'));
    const programs = process.env.STUBE_TUTORIAL ?? path.join(sourceRoot, 'build/release/tutorial');
    const program = new Program(path.join(programs, '06-tasks-and-flows'), folder);
    t.after(async () => {
        await program.kill();
        rmSync(folder, {recursive: true, force: true});
    });
    await program.start();
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

    await program.restart();
    await page.getByRole('heading', {name: /could not be kept/i}).waitFor();
    await assertNotReloaded(page);
    assert.match(program.log, /onboarding_flow/, 'the log names the flow');
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
