// The levels at which every page works (see docs/how-it-works.md), and what a person does and sees at each level. A
// level determines whether a browser has the page's scripts and its stream.
import assert from 'node:assert/strict';
import {browserName, button, eventually, newVisitor, patience} from './support.mjs';

const withoutScripts = browserName === 'chromium'
    ? {options: {javaScriptEnabled: false}}
    : {blocked: '**/*.js'}; // playwright cannot disable the scripts of Firefox, so they are blocked

export const levels = [
    {name: 'scripts and a stream'},
    {name: 'scripts, but no stream', blocked: '**/stube/stream/**'},
    {name: 'no scripts', ...withoutScripts},
];

/// The browser's messages about blocked requests.
export const blocked = /ERR_FAILED|Failed to fetch|NetworkError|NS_ERROR|Loading failed|sse:error/;

/// A person with cookies of their own, in a browser of this level.
export async function visitorAt(t, level) {
    const visitor = await newVisitor(t, level.options);
    if (level.blocked) await visitor.route(level.blocked, route => route.abort());
    return visitor;
}

// ---- what a person does and sees --------------------------------------------------------------------

/// Presses the buttons with these names, one after the other.
export async function press(page, ...names) {
    for (const name of names) await button(page, name).click();
}

export const enter = (page, label, text) => page.getByLabel(label, {exact: true}).fill(text);

export const sees = (page, text) => page.getByText(text, {exact: true}).first().waitFor();

/// Waits until the text of the element is `text`.
export const reads = (locator, text) =>
    eventually(async () => assert.equal(await locator.textContent(), String(text)));

/// Waits until the elements have these texts.
export const list = (locator, ...texts) =>
    eventually(async () => assert.deepEqual(await locator.allTextContents(), texts));

export const holds = (field, text) => eventually(async () => assert.equal(await field.inputValue(), text));

/// Waits for a change by another person or by the time. Reloads the page if it does not show the change by itself.
export const eventuallyAfterReload = (page, check) => eventually(async () => {
    try {
        await eventually(check, 500);
    } catch (error) {
        await page.locator('[aria-busy=true]').waitFor({state: 'detached'}); // no event is pending
        await page.reload();
        throw error;
    }
}, 4 * patience); // another person may be at work
