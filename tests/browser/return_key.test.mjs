// The return key in a field of a form.
import {test} from 'node:test';
import {blocked, enter, holds, levels, press, sees, visitorAt} from './levels.mjs';
import {assertFlawless, button, Gallery, openPage, testSite} from './support.mjs';

test('a return key submits the form although buttons of other events come first', async t => {
    const site = await Gallery.started(t, testSite);
    for (const level of levels) {
        await t.test(level.name, async t => {
            const page = await openPage(await visitorAt(t, level), site.url('/letter'));
            await enter(page, 'Text', 'Hello');
            await page.keyboard.press('Enter');
            await sees(page, 'Sent: Hello');
            await holds(page.getByLabel('Text'), '');
            await enter(page, 'Text', 'Nobody sees this');
            await press(page, 'Clear');
            await holds(page.getByLabel('Text'), '');
            await press(page, 'Bold 0');
            await button(page, 'Bold 1').waitFor();
            await sees(page, 'Sent: Hello');
            assertFlawless(page, blocked);
        });
    }
});
