// Every page of the tutorial, followed by its own text on one desk, one after the other, and then used in a browser
// as the page describes it.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    assertFlawless, assertNotReloaded, button, eventually, launchBrowser, mark, newVisitor, openPage, serverAway,
} from '../browser/support.mjs';
import {Desk} from './follow.mjs';

const item = (page, text) => page.getByRole('listitem').filter({hasText: text});

test('the tutorial', async t => {
    const desk = new Desk(t);
    const browser = await launchBrowser(t);

    /// Follows a page and opens what it has built.
    const reads = async (name, look) => {
        await t.test(name, async () => {
            await desk.follow(`${name}.md`);
            const visitor = await newVisitor(browser);
            const page = await openPage(visitor, desk.url('/'));
            await look(page, visitor);
            assertFlawless(page, serverAway);
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
        await desk.kill();
        await page.getByText('Connection lost.').waitFor();
        await add('Answer Grace');
        await page.getByText('Your last action is kept and will be sent.').waitFor();
        await desk.start();
        await item(page, 'Answer Grace').waitFor();
        await assertNotReloaded(page);
        await page.reload();
        await eventually(async () => assert.deepEqual(
            await page.getByRole('listitem').allInnerTexts(),
            ['Mend the tests', 'Write to the customer', 'Answer Grace'],
        ));
    });
});
