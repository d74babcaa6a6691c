import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, mark, newVisitor, openPage, serverAway, visit,
} from './support.mjs';

const log = page => page.getByRole('log', {name: 'Messages'});
const field = page => page.getByLabel('Message', {exact: true});

async function enterRoom(page, name) {
    await page.getByLabel('Your name').fill(name);
    await button(page, 'Join').dblclick();
    await page.getByText(`You are ${name}.`).waitFor();
}

async function say(page, text) {
    await field(page).fill(text);
    await field(page).press('Enter');
}

const reads = (page, ...lines) =>
    eventually(async () => assert.deepEqual(await log(page).getByRole('listitem').allTextContents(), lines));

test('two visitors chat while half-typed text of one of them is kept', async t => {
    const {gallery, page: ada} = await visit(t, '/chat');
    const grace = await openPage(await newVisitor(t), gallery.url('/chat'));
    await button(ada, 'Join').click();
    await ada.getByText('Enter your name').first().waitFor();
    await enterRoom(ada, 'Ada');
    await enterRoom(grace, 'Grace');
    await mark(grace);

    await field(grace).pressSequentially('Half a sen');
    await say(ada, 'Hello <b>');
    await reads(grace, 'Ada Hello <b>');
    await reads(ada, 'Ada Hello <b>');
    assert.equal(await field(ada).inputValue(), '');
    assert.equal(await field(grace).inputValue(), 'Half a sen');

    await grace.keyboard.type('tence');
    await button(grace, 'Send').dblclick();
    const both = ['Ada Hello <b>', 'Grace Half a sentence'];
    await reads(ada, ...both);
    await aMoment();
    await reads(ada, ...both);
    await reads(grace, ...both);
    assert.equal(await field(grace).inputValue(), '');
    await assertNotReloaded(grace);
    assertFlawless(ada);
    assertFlawless(grace);
});

test('chat messages survive kill -9 and Back and Forward and leaving the room', async t => {
    const {gallery, page} = await visit(t, '/chat');
    await enterRoom(page, 'Ada');
    await mark(page);
    await say(page, 'One');
    await reads(page, 'Ada One');
    await gallery.restart();
    await say(page, 'Two');
    await reads(page, 'Ada One', 'Ada Two');
    await assertNotReloaded(page);

    const newcomer = await openPage(await newVisitor(t), gallery.url('/chat'));
    await enterRoom(newcomer, 'Grace');
    await reads(newcomer, 'Ada One', 'Ada Two');

    await page.goBack();
    await button(page, 'Join').waitFor();
    await say(newcomer, 'Three');
    await reads(newcomer, 'Ada One', 'Ada Two', 'Grace Three');
    await page.goForward();
    await reads(page, 'Ada One', 'Ada Two', 'Grace Three');
    await page.reload();
    await button(page, 'Leave').click();
    await enterRoom(page, 'Joan');
    await reads(page, 'Ada One', 'Ada Two', 'Grace Three');
    assertFlawless(page, serverAway);
    assertFlawless(newcomer);
});
