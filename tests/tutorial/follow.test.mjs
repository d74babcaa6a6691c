// The pages of the tutorial that build the board, followed by their own text on one desk, one after the other, and
// then used in a browser as the page describes it. What else pages 9 and 12 say is tried by tests/going_live.
import assert from 'node:assert/strict';
import {readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {
    assertFlawless, assertNotReloaded, button, eventually, mark, newVisitor, openPage, serverAway,
} from '../browser/support.mjs';
import {blocksOf, Desk} from './follow.mjs';

const item = (page, text) => page.getByRole('listitem').filter({hasText: text});
const sees = (page, text) => page.getByText(text).first().waitFor();
const answers = (page, name) => button(page.getByRole('dialog'), name).click();

async function add(page, text) {
    await page.getByLabel('I will').fill(text);
    await button(page, 'Add').click();
    await item(page, text).waitFor();
}

test('the tutorial', async t => {
    const desk = new Desk(t);

    /// Follows a page and opens what it has built.
    const reads = async (name, look) => {
        await t.test(name, async () => {
            await desk.follow(`${name}.md`);
            const visitor = await newVisitor(t);
            const page = await openPage(visitor, desk.program.url('/'));
            await look(page, visitor);
            assertFlawless(page, serverAway);
            if (process.env.STUBE_TUTORIAL_PICTURES)
                await page.screenshot({path: `${process.env.STUBE_TUTORIAL_PICTURES}/${name}.png`, fullPage: true});
            await visitor.close();
        });
    };

    await reads('01-first-component', async page => {
        const add = async text => {
            await page.getByLabel('I will').fill(text);
            await button(page, 'Add').click();
        };
        await add('Mend the tests');
        await item(page, 'Mend the tests').waitFor();
        await add('Write to the customer');
        await item(page, 'Write to the customer').waitFor();
        await add('');
        await page.getByText('Say what you will do').waitFor();

        await mark(page);
        await desk.program.kill();
        await page.getByText('Connection lost.').waitFor();
        await add('Answer Grace');
        await page.getByText('Your last action is kept and will be sent.').waitFor();
        await desk.program.start();
        await item(page, 'Answer Grace').waitFor();
        await assertNotReloaded(page);
        await page.reload();
        await eventually(async () => assert.deepEqual(
            await page.getByRole('listitem').allInnerTexts(),
            ['Mend the tests', 'Write to the customer', 'Answer Grace'],
        ));
    });

    await reads('02-asking-and-answering', async page => {
        await add(page, 'Mend the tests');
        await button(page, 'Delete').click();
        await sees(page, 'Delete "Mend the tests"?');
        await answers(page, 'Keep');
        await button(page, 'Blocked').click();
        await sees(page, 'What is in the way?');

        await desk.program.restart();
        await page.getByLabel('It waits for').fill('a licence');
        await button(page, 'Save').click();
        await item(page, 'Mend the tests (blocked: a licence)').waitFor();
        await add(page, 'Call Grace');
        await item(page, 'Call Grace').getByRole('button', {name: 'Delete'}).click();
        await answers(page, 'Delete');
        await item(page, 'Call Grace').waitFor({state: 'detached'});
    });

    await reads('03-edit-in-place', async page => {
        await add(page, 'Mend the tests');
        await add(page, 'Call Grace');
        await button(page, 'Edit Mend the tests').click();
        await page.getByRole('listitem').getByLabel('I will').fill('Mend two tests');
        await button(page, 'Done Call Grace').click();
        await item(page, 'Call Grace (done)').waitFor();
        await button(page, 'Save').click();
        await item(page, 'Mend two tests').waitFor();

        await button(page, 'Edit Call Grace').click();
        await page.getByRole('listitem').getByLabel('I will').press('Escape');
        await item(page, 'Call Grace (done)').waitFor();
        await button(page, 'Delete Call Grace').click();
        await answers(page, 'Delete');
        await item(page, 'Call Grace').waitFor({state: 'detached'});
        await item(page, 'Mend two tests').waitFor();
    });

    const fillPlan = async (page, text, who) => {
        await page.getByLabel('What').fill(text);
        await page.getByLabel('Who').selectOption(who);
    };
    const addPlan = async (page, text, who) => {
        await button(page, 'New item').click();
        await fillPlan(page, text, who);
        await button(page, 'Save').click();
        await item(page, text).waitFor();
    };

    await reads('04-forms-that-validate', async page => {
        await button(page, 'New item').click();
        await button(page, 'Save').click();
        await page.getByRole('link', {name: 'Say what is to be done'}).waitFor();
        await page.getByRole('link', {name: 'Choose who does it'}).click();
        await fillPlan(page, 'Mend the tests', 'Ada');
        await page.getByLabel('Until').fill('2020-01-01');
        await button(page, 'Save').click();
        await sees(page, 'Choose a day that is still to come');
        assert.equal(await page.getByLabel('What').inputValue(), 'Mend the tests');
        await page.getByLabel('Until').fill('2099-01-01');
        await page.getByLabel('An hour').check();
        await button(page, 'Save').click();
        await item(page, 'Ada, an hour, until 2099-01-01').waitFor();

        await button(page, 'Edit Mend the tests').click();
        await item(page, 'Until').getByLabel('Who').selectOption('Grace');
        await button(page, 'Save').click();
        await item(page, 'Grace, an hour').waitFor();
    });

    await reads('05-live-across-browsers', async page => {
        const other = await openPage(await newVisitor(t), desk.program.url('/'));
        await addPlan(page, 'Mend the tests', 'Ada');
        await item(other, 'Mend the tests').waitFor();
        await button(other, 'Edit Mend the tests').click();
        await other.getByLabel('What').fill('Mend two tests');
        await button(page, 'Done Mend the tests').click();
        await item(page, 'Mend the tests (done)').waitFor();
        await addPlan(page, 'Call Grace', 'Edsger');
        await item(other, 'Call Grace').waitFor();

        await desk.program.restart();
        await button(other, 'Save').click();
        await item(other, 'Mend two tests (done)').waitFor();
        await item(page, 'Mend two tests (done)').waitFor();
        await button(other, 'Delete Call Grace').click();
        await answers(other, 'Delete');
        await item(page, 'Call Grace').waitFor({state: 'detached'});
        assertFlawless(other, serverAway);
        await other.context().close();
    });

    await reads('06-tasks-and-flows', async page => {
        await button(page, 'New person').click();
        await page.getByLabel('Name').fill('Barbara');
        await button(page, 'Next').click();
        await sees(page, 'What does Barbara do?');
        await desk.program.restart();
        await answers(page, 'tester');
        await answers(page, 'Right');
        await item(page, 'Barbara, tester').waitFor();

        await button(page, 'New person, by a flow').click();
        await page.getByLabel('Name').fill('Alan');
        await button(page, 'Next').click();
        await answers(page, 'developer');
        await answers(page, 'Right');
        await item(page, 'Alan, developer').waitFor();
    });

    const signIn = async (page, name) => {
        await page.getByLabel('Name').fill(name);
        await page.getByLabel('Password').fill('standup');
        await button(page, 'Sign in').click();
        await sees(page, `You are ${name}.`);
    };

    await reads('07-your-objects-and-the-user', async page => {
        await page.getByLabel('Name').fill('Ada');
        await page.getByLabel('Password').fill('wrong');
        await button(page, 'Sign in').click();
        await sees(page, 'Name and password do not match.');
        await signIn(page, 'Ada');
        await addPlan(page, 'Read the manual', 'Ada');
        assert.equal(await button(page, 'Take Read the manual').count(), 0);

        const other = await openPage(await newVisitor(t), desk.program.url('/'));
        await signIn(other, 'Grace');
        await button(other, 'Take Read the manual').click();
        await item(page, 'Read the manual').filter({hasText: 'Grace'}).waitFor();
        await other.context().close();
        await button(page, 'Sign out').click();
        await button(page, 'Sign in').waitFor();
    });

    await reads('08-addresses-and-back', async page => {
        await signIn(page, 'Ada');
        await item(page, 'Read the manual').waitFor();
        await button(page, 'Blocked').click();
        await sees(page, 'Nothing to show here.');
        await button(page, 'All').click();
        await button(page, 'Blocked Read the manual').click();
        await page.getByRole('textbox').fill('glasses');
        await button(page, 'OK').click();
        await item(page, 'Read the manual (blocked: glasses)').waitFor();
        await button(page, 'Mine').click();
        await item(page, 'Read the manual').waitFor({state: 'detached'});
        await button(page, 'Blocked').click();
        await item(page, 'Read the manual').waitFor();
        await page.waitForURL(/show=blocked/);

        const other = await openPage(await newVisitor(t), page.url());
        await signIn(other, 'Grace');
        await item(other, 'Read the manual').waitFor();
        assert.equal(await item(other, 'Mend two tests').count(), 0);
        assert.match(other.url(), /show=blocked/);
        await other.context().close();

        await page.goBack();
        await item(page, 'Read the manual').waitFor({state: 'detached'});
        await page.goForward();
        await item(page, 'Read the manual').waitFor();
        await button(page, 'New item').click();
        await page.getByRole('textbox').first().waitFor();
        await page.goBack();
        await item(page, 'Read the manual').waitFor();
    });

    await reads('09-stores', async page => {
        await page.getByRole('textbox').fill('Mend the tests');
        await button(page, 'Add').click();
        await sees(page, 'Mend the tests');
        await desk.program.restart();
        await page.reload();
        await sees(page, 'Mend the tests');
        desk.type('ctest --test-dir build --no-tests=error');
    });

    await t.test('10-testing-without-a-browser', () => desk.follow('10-testing-without-a-browser.md'));

    await reads('11-history-and-audit', async ada => {
        const signsIn = async (page, name) => {
            await page.getByLabel('Name').fill(name);
            await page.getByLabel('Password').fill('standup');
            await button(page, 'Sign in').click();
        };
        const claims = async (purpose, kind, amount) => {
            await ada.getByLabel('What was the money for?').fill(purpose);
            await ada.getByLabel('Kind').selectOption(kind);
            await ada.getByLabel('Amount in euros').fill(amount);
            await button(ada, 'Next').click();
        };
        await signsIn(ada, 'Ada');
        await claims('Train to Basel', 'travel', '1200');
        await answers(ada, 'Submit');
        await sees(ada, 'Waiting for an approver');
        const claim = ada.url();
        await desk.program.restart();

        const grace = await openPage(await newVisitor(t), desk.program.url('/inbox'));
        await signsIn(grace, 'Grace');
        await grace.getByRole('link', {name: /^claim-/}).click();
        await grace.getByLabel('PIN').fill('1906');
        await button(grace, 'Approve').click();
        await sees(grace, 'Approved by Grace');
        await grace.context().close();
        await ada.goto(claim);
        await signsIn(ada, 'Ada');
        await sees(ada, 'Approved by Grace');
        await ada.getByRole('link', {name: 'History'}).click();
        await sees(ada, 'pin: (secret)');

        await ada.goto(desk.program.url('/'));
        await claims('To the customer', 'taxi', '40');
        await sees(ada, 'Something went wrong');
        await eventually(() => {
            const [, id] = /failed conversation=(\S+) .* why="a kind of expense has no limit"/.exec(desk.program.log);
            rmSync(path.join(desk.cwd, 'mine.json'), {force: true});
            desk.type(`./build/expenses --export ${id} mine.json`);
            assert.match(readFileSync(path.join(desk.cwd, 'mine.json'), 'utf8'), /"failures":\[\n.*"taxi"/);
        });
        desk.type('ctest --test-dir build --no-tests=error');
        await desk.program.kill();
        assert.match(desk.type('./build/expenses --erase-principal Ada'), /nothing of the name is left/);
    });

    await reads('12-going-live', async page => {
        await page.getByRole('textbox').fill('Mend the tests');
        await button(page, 'Add').click();
        await sees(page, 'Mend the tests');
        await desk.program.kill();
        desk.type(blocksOf('12-going-live.md').find(block => block.text.startsWith('cp ../stube')).text);
        assert.match(desk.type('./build/standup --check-store'), /standup\/board  1 -> 2   1  .*\n.*\nall can continue/);
        await desk.program.start();
        await page.reload();
        await sees(page, 'Mend the tests');
        await button(page, 'Blocked').waitFor();
    });
});
