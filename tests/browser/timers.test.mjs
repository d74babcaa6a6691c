// A timer with a handler that throws, on a page of the test site (behaviors_site.cpp).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, mark, openPage, testSite, visit} from './support.mjs';

const count = async page => Number(await page.getByRole('timer').textContent());
const reaches = (page, number) => eventually(async () => assert.ok(await count(page) >= number));

test('a timer that throws does not disturb any tab', async t => {
    const {visitor, page} = await visit(t, '/alarm', testSite);
    await mark(page);
    const other = await openPage(visitor, page.url());
    await Promise.all([reaches(page, 6), reaches(other, 6)]); // after two and a half seconds both timers have thrown
    assert.ok(await count(page) < 1000);
    await button(other, 'Click').click();
    await page.getByRole('status').filter({hasText: 'Clicked 1'}).waitFor();
    await assertNotReloaded(page);
    assertFlawless(page);
    assertFlawless(other);
});
