// The levels at which every page works (see docs/how-it-works.md): a level says how much of the page's scripts a
// browser has. And what a person does and sees at each of them.
import assert from 'node:assert/strict';
import {browserName, button, eventually, newVisitor, patience} from './support.mjs';

const withoutScripts = browserName === 'chromium'
    ? {options: {javaScriptEnabled: false}}
    : {blocked: '**/*.js'}; // playwright cannot turn off the scripts of this one: they never arrive

export const levels = [
    {name: 'scripts and a stream'},
    {name: 'scripts, but no stream', blocked: '**/stube/stream/**'},
    {name: 'no scripts', ...withoutScripts},
];

/// What the browser logs about what is blocked.
export const blocked = /ERR_FAILED|Failed to fetch|NetworkError|NS_ERROR|Loading failed|sse:error/;

/// A person with cookies of their own and a browser of that level.
export async function visitorAt(t, level) {
    const visitor = await newVisitor(t, level.options);
    if (level.blocked) await visitor.route(level.blocked, route => route.abort());
    return visitor;
}

// ---- what a person does and sees --------------------------------------------------------------------

/// Presses the buttons of these names, one after the other.
export async function press(page, ...names) {
    for (const name of names) await button(page, name).click();
}

export const enter = (page, label, text) => page.getByLabel(label, {exact: true}).fill(text);

export const sees = (page, text) => page.getByText(text, {exact: true}).first().waitFor();

/// The element's text is `text`, or gets so.
export const reads = (locator, text) =>
    eventually(async () => assert.equal(await locator.textContent(), String(text)));

/// The texts of these elements.
export const list = (locator, ...texts) =>
    eventually(async () => assert.deepEqual(await locator.allTextContents(), texts));

export const holds = (field, text) => eventually(async () => assert.equal(await field.inputValue(), text));

/// What somebody else has done, or the time: where the page does not show it by itself, a reload does.
export const looksAgain = (page, check) => eventually(async () => {
    try {
        await eventually(check, 500);
    } catch (error) {
        await page.locator('[aria-busy=true]').waitFor({state: 'detached'}); // nothing is on its way
        await page.reload();
        throw error;
    }
}, 4 * patience); // somebody else may be at work
