// The main path of each example, as a person takes it. A path uses only plain HTML, so that it is the same with and
// without scripts. It begins at the example's address, in a page of its visitor, and receives
//   another()   opens a page of another person at the same address
//   word        a word that no other path uses
import assert from 'node:assert/strict';
import {ada, book, grace} from './booking.mjs';
import {enter, holds, list, eventuallyAfterReload, press, reads, sees} from './levels.mjs';
import {button, eventually, heading} from './support.mjs';

const number = page => page.locator('output');

// ---- one page ---------------------------------------------------------------------------------------

async function counter(page) {
    await reads(number(page), 0);
    await press(page, '+', '+', '+', '−');
    await reads(number(page), 2);
    await page.reload();
    await reads(number(page), 2);
}

async function multiCounter(page) {
    const counted = name => page.getByRole('group', {name, exact: true});
    await press(counted('Adults'), '+');
    await press(counted('Dogs'), '+', '+');
    await press(counted('Children'), '+');
    await list(number(page), '1', '3', '2');
    await press(page, 'Start over');
    await list(number(page), '0', '2', '0');
}

async function calculator(page) {
    const display = page.getByRole('status', {name: 'Result'});
    await press(page, '1', '2', 'Times', '3', 'Equals');
    await reads(display, '36');
    await press(page, 'Divided by', '0', 'Equals');
    await reads(display, 'Cannot divide by 0');
    await press(page, 'Clear', '7', '8', 'Delete digit', 'Point', '5', 'Plus', '1', 'Equals');
    await reads(display, '8.5');
}

async function tabs(page) {
    const tab = name => page.getByRole('tab', {name, exact: true});
    await press(page, '+');
    await reads(number(page), 1);
    await tab('Counter').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await enter(page, 'Your note', 'Buy milk');
    await tab('Order').click();
    await press(page, 'Choose a drink', 'Tea');
    await sees(page, 'On its way: Tea.');
    await tab('Notepad').click();
    await holds(page.getByLabel('Your note'), 'Buy milk');
    await sees(page, '8 bytes kept');
    await tab('Counter').click();
    await reads(number(page), 1);
}

async function calendar(page) {
    const now = new Date();
    const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
    const spoken = (date, options) => date.toLocaleDateString('en-GB', {timeZone: 'UTC', ...options});
    const title = spoken(next, {month: 'long', year: 'numeric'});
    await press(page, 'Choose a day', 'Next month', 'Next month', 'Previous month');
    await heading(page, title).waitFor();
    const day = `${spoken(next, {weekday: 'long'})} 1 ${title}`;
    await press(page, day);
    await heading(page, 'Your appointment').waitFor();
    await sees(page, day);
    await press(page, 'Choose a day', 'Cancel');
    await sees(page, day);
}

async function todo(page) {
    const add = async text => {
        await enter(page, 'New', text);
        await page.keyboard.press('Enter');
        await page.getByRole('checkbox', {name: text, exact: true}).waitFor();
        await holds(page.getByLabel('New'), '');
    };
    await press(page, 'Add');
    await sees(page, 'Enter what is to be done');
    await add('Milk');
    await add('Bread');
    await page.getByRole('checkbox', {name: 'Milk'}).click();
    await page.getByRole('checkbox', {name: 'Milk', checked: true}).waitFor();
    await sees(page, '1 of 2 to do');

    await press(page, 'Edit Milk');
    await enter(page, 'What to do', 'Oat milk');
    await press(page, 'Save');
    await page.getByRole('checkbox', {name: 'Oat milk', checked: true}).waitFor();
    await press(page, 'Delete Oat milk');
    await press(page.getByRole('dialog', {name: 'Delete "Oat milk"?'}), 'Delete');
    await sees(page, '1 of 1 to do');
    await list(page.getByRole('listitem').getByRole('checkbox'), 'Bread');
}

async function columns(page) {
    const note = name => page.getByRole('article', {name, exact: true});
    const remark = name => note(name).getByLabel('Your remark');
    const columnsAre = (...titles) => list(page.getByRole('article').getByRole('heading'), ...titles);
    await remark('Bread').fill('Try rye');
    await press(note('Bread'), 'Oven');
    await columnsAre('Bread', 'Oven');
    await press(note('Bread'), 'Waiting');
    await columnsAre('Bread', 'Waiting', 'Oven');
    await remark('Waiting').fill('Overnight');
    await press(page, 'Move left Oven');
    await columnsAre('Bread', 'Oven', 'Waiting');
    await press(page, 'Close Oven');
    await columnsAre('Bread', 'Waiting');
    await holds(remark('Bread'), 'Try rye');
    await holds(remark('Waiting'), 'Overnight');
}

// ---- several steps ----------------------------------------------------------------------------------

async function booking(page) {
    const first = await book(page, ada);
    await press(page, 'Book another room');
    const second = await book(page, grace);
    assert.notEqual(second, first);
}

const bookingFlow = page => book(page, ada);

async function wizard(page) {
    const days = page.getByLabel('Days in Oslo');
    await press(page, 'Next');
    await sees(page, 'Enter a place');
    await enter(page, 'Place', 'Oslo');
    await page.keyboard.press('Enter');
    await days.fill('5');
    await press(page, 'Next');
    await page.getByRole('radio', {name: 'Boat'}).check();
    await press(page, 'Next');
    await sees(page, '5 days, by boat.');

    await page.goBack();
    await heading(page, 'How will you travel?').waitFor();
    assert.ok(await page.getByRole('radio', {name: 'Boat'}).isChecked());
    await press(page, 'Back');
    await heading(page, 'How long will you stay?').waitFor();
    await holds(days, '5');
    await days.fill('6');
    await press(page, 'Next');
    await page.getByRole('radio', {name: 'Boat'}).check();
    await press(page, 'Next');
    await sees(page, '6 days, by boat.');
    await press(page, 'Plan another trip');
    await heading(page, 'Where would you like to go?').waitFor();
}

async function dialogs(page) {
    await press(page, 'Begin', 'Yes');
    await page.getByRole('textbox', {name: 'What is your name?'}).fill('Ada');
    await page.keyboard.press('Enter');
    await press(page, 'Orange juice', 'OK');
    await list(page.getByRole('definition'), 'yes', '“Ada”', '“Juice”');
    const dialog = name => page.getByRole('dialog', {name}); // two dialogs have a button of the same name
    await press(page, 'Once more', 'No');
    await press(dialog('What is your name?'), 'Cancel');
    await press(dialog('What would you like?'), 'Cancel');
    await press(page, 'OK');
    await list(page.getByRole('definition'), 'no', 'cancelled', 'cancelled');
}

async function errorAnswer(page) {
    await press(page, 'Check out', 'A blocked card');
    await sees(page, 'Your bank has declined the card. The tickets are kept for you.');
    await press(page, 'Check out', 'A good card');
    await sees(page, 'Thank you: the tickets are yours.');
}

// ---- ways to look at something ----------------------------------------------------------------------

async function urlCounter(page) {
    const shows = async n => {
        await reads(number(page), n);
        await eventually(() => assert.equal(new URL(page.url()).searchParams.get('n') ?? '0', String(n)));
    };
    await shows(0);
    await press(page, '+');
    await shows(1);
    await press(page, '+');
    await shows(2);
    await page.goBack();
    await shows(1);
    await page.reload();
    await shows(1);
    await page.goForward();
    await shows(2);
    await press(page, '−');
    await shows(1);
}

async function readingList(page) {
    const books = page.getByRole('listitem').locator('strong');
    await press(page, 'To read', 'Year');
    await list(books, 'Dead Souls', 'Middlemarch', 'Effi Briest');
    await press(page, 'Done with Middlemarch');
    await list(books, 'Dead Souls', 'Effi Briest');
    await sees(page, '2 of 5 books');
    assert.match(page.url(), /[?&]show=to_read&sort=year/);
    await press(page, 'Read', 'Again with Don Quixote', 'All', 'Title');
    await list(books, 'Dead Souls', 'Don Quixote', 'Effi Briest', 'Jane Eyre', 'Middlemarch');
}

async function paginatedList(page) {
    await press(page, 'Next');
    await sees(page, 'Page 2 of 10');
    await press(page, '10');
    await sees(page, 'Page 10 of 10');
    assert.ok(await button(page, 'Next').isDisabled());
    await press(page, 'Previous');
    await page.getByRole('cell', {name: 'Invoice 81', exact: true}).waitFor();
}

async function tableReport(page) {
    const products = page.getByRole('rowheader');
    await press(page, 'Revenue');
    await list(products, 'Wheelbarrow', 'Flower pot', 'Watering can', 'Garden hose', 'Spade', 'Total');
    await press(page, 'Revenue');
    await list(products, 'Spade', 'Garden hose', 'Watering can', 'Flower pot', 'Wheelbarrow', 'Total');
}

async function tree(page) {
    await press(page, 'Animals', 'Mammals', 'Bats');
    await sees(page, 'Pipistrelle');
    await press(page, 'Animals');
    await page.getByText('Pipistrelle').waitFor({state: 'hidden'});
    await press(page, 'Plants');
    await button(page, 'Ferns').waitFor();
}

async function breadcrumb(page) {
    const trail = page.getByRole('navigation', {name: 'Breadcrumb'}).getByRole('listitem');
    await press(page, 'Plants', 'Bulbs', 'Tulips');
    await list(trail, 'Garden shop', 'Plants', 'Bulbs', 'Tulips');
    await press(page, 'Plants');
    await list(trail, 'Garden shop', 'Plants');
}

async function errorBanner(page) {
    const stock = page.getByRole('definition');
    const message = page.getByRole('alert').filter({hasText: /Error \S+$/});
    await press(page, 'Sell one');
    await list(stock, '11', '1');
    await press(page, 'Sell one with a bug');
    await message.waitFor();
    await list(stock, '11', '1');
    await press(page, 'Sell one');
    await list(stock, '10', '2');
    await message.waitFor({state: 'hidden'});
}

async function preservedWidget(page) {
    await press(page, 'tomato');
    await page.getByRole('button', {name: 'tomato', pressed: true}).waitFor();
    await press(page, 'Count a visitor', 'Count a visitor');
    await reads(number(page), 2);
}

// ---- more people, and time --------------------------------------------------------------------------

async function signIn(page, name, password) {
    await enter(page, 'Name', name);
    await enter(page, 'Password', password);
    await press(page, 'Sign in');
}

async function protectedCounter(page) {
    await signIn(page, 'ada', 'wrong');
    await sees(page, 'Name and password do not match.');
    await signIn(page, 'ada', 'engine');
    await heading(page, 'Counter of ada').waitFor();
    await press(page, '+', '+');
    await reads(number(page), 2);
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
}

async function clock(page) {
    const time = page.getByRole('timer', {name: 'Time of day'});
    const movesOn = async () => {
        const before = await time.textContent();
        await eventuallyAfterReload(page, async () => assert.notEqual(await time.textContent(), before));
    };
    await press(page, 'Pause');
    await button(page, 'Go on').waitFor();
    const paused = await time.textContent();
    assert.match(paused, /^\d\d:\d\d:\d\d$/);
    await page.reload();
    assert.equal(await time.textContent(), paused);
    await press(page, 'Go on');
    await button(page, 'Pause').waitFor();
    await movesOn();
    await movesOn();
}

async function sharedCounter(page, {another}) {
    const before = Number(await number(page).textContent());
    await press(page, '+');
    await reads(number(page), before + 1);
    const other = await another();
    await press(other, '+');
    await reads(number(other), before + 2);
    await eventuallyAfterReload(page, async () => assert.equal(await number(page).textContent(), String(before + 2)));
}

async function chat(page, {another, word}) {
    const said = where => where.getByRole('log', {name: 'Messages'}).getByRole('listitem');
    const goIn = async (where, name) => {
        await enter(where, 'Your name', name);
        await press(where, 'Join');
        await sees(where, `You are ${name}.`);
    };
    await press(page, 'Join');
    await page.getByText('Enter your name').first().waitFor();
    await goIn(page, 'Ada');
    const other = await another();
    await goIn(other, 'Grace');

    await enter(page, 'Message', `Hello <b> ${word}`);
    await page.keyboard.press('Enter');
    await reads(said(page).last(), `Ada Hello <b> ${word}`);
    await holds(page.getByLabel('Message', {exact: true}), '');
    await eventuallyAfterReload(other, async () => assert.equal(await said(other).last().textContent(), `Ada Hello <b> ${word}`));
    await enter(other, 'Message', `Hello ${word}`);
    await press(other, 'Send');
    await eventuallyAfterReload(page, async () => assert.equal(await said(page).last().textContent(), `Grace Hello ${word}`));
    await press(page, 'Leave');
    await button(page, 'Join').waitFor();
}

async function standup(page, {word}) {
    const item = text => page.getByRole('listitem').filter({hasText: text});
    const count = async (text, n) => assert.equal(await item(text).count(), n, text);
    const answers = name => press(page.getByRole('dialog'), name);
    // Every page receives the team's changes as messages, also the page that has made them.
    const shows = text => eventuallyAfterReload(page, () => count(text, 1));
    const showsNo = text => eventuallyAfterReload(page, () => count(text, 0));
    await signIn(page, 'ada', 'engine');
    await sees(page, 'You are ada.');
    await press(page, 'New item', 'Save');
    await page.getByText('Say what is to be done').first().waitFor();
    await enter(page, 'What', `Mend ${word}`);
    await press(page, 'Save');
    await shows(`Mend ${word}`);

    await press(page, `Edit Mend ${word}`);
    await enter(page, 'What', `Mend two ${word}`);
    await page.getByLabel('an hour').check();
    await page.keyboard.press('Enter');
    await page.getByLabel('What', {exact: true}).waitFor({state: 'detached'});
    await shows(`Mend two ${word}`);
    await item(`Mend two ${word}`).filter({hasText: 'ada, an hour'}).waitFor();
    await press(page, `Blocked Mend two ${word}`);
    await page.getByRole('textbox', {name: 'What is in the way?'}).fill('Rain');
    await answers('OK');
    await shows(`Mend two ${word} (blocked: Rain)`);
    await press(page, `Done Mend two ${word}`);
    await shows(`Mend two ${word} (done)`);
    await press(page, 'Blocked');
    await sees(page, 'Nothing to show here.');
    await press(page, 'Mine', `Delete Mend two ${word}`);
    await answers('Delete');
    await showsNo(`Mend two ${word}`);

    await press(page, 'New person');
    await enter(page, 'Name', `Barbara ${word}`);
    await press(page, 'Next');
    await answers('tester');
    await answers('Right');
    await shows(`Barbara ${word}, tester`);
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
}

async function submitClaim(page, purpose) {
    await enter(page, 'What was the money for?', purpose);
    await enter(page, 'Amount in euros', '120');
    await press(page, 'Submit');
    await heading(page, 'Waiting for an approver').waitFor();
}

async function claim(page, {another, word}) {
    await signIn(page, 'ada', 'engine');
    await submitClaim(page, `Train ${word}`);
    await page.waitForURL(/[?&]c=/);

    const approver = await another();
    await signIn(approver, 'grace', 'compiler');
    await approver.goto(page.url());
    await sees(approver, `Train ${word}`);
    await press(approver, 'Approve');
    await sees(approver, 'Approved by grace');
    await approver.close();
    await eventuallyAfterReload(page, () => sees(page, 'Approved by grace'));
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
}

async function inbox(page, {another, word}) {
    await signIn(page, 'grace', 'compiler');
    await enter(page, 'Purpose contains', `Taxi ${word}`);
    await press(page, 'Search');
    await sees(page, '0 claims wait for you.');

    const claimant = await another();
    await signIn(claimant, 'ada', 'engine');
    await claimant.goto(new URL('/claim', page.url()).href);
    await submitClaim(claimant, `Taxi ${word}`);
    await claimant.close();
    const lines = page.getByRole('row').filter({hasText: `Taxi ${word}`});
    await eventuallyAfterReload(page, async () => assert.equal(await lines.count(), 1));
    await press(page, 'Highest amount');
    await sees(page, '1 claim waits for you.');
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
}

async function audit(page) {
    await signIn(page, 'grace', 'compiler');
    await sees(page, 'Open the history of a claim from the inbox.');
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
}

async function report(page) {
    const looksFor = locator => eventuallyAfterReload(page, async () => assert.equal(await locator.count(), 1));
    await page.getByLabel('Jam the machine').check();
    await press(page, 'Start');
    await looksFor(page.getByRole('alert').filter({hasText: 'This could not be completed.'}));
    await page.getByLabel('Jam the machine').uncheck();
    await press(page, 'Go on');
    await looksFor(page.getByRole('status').filter({hasText: 'Done: 664,579 primes'}));
    await press(page, 'Clear');
    await button(page, 'Start').waitFor();
}

async function weather(page) {
    await enter(page, 'Place', 'Oslo');
    await enter(page, 'Temperature, °C', '-3');
    await enter(page, 'Wind, km/h', '45');
    await press(page, 'Report');
    await page.getByText('Oslo -3 °C, 45 km/h').waitFor();
    await press(page, 'Write to a file');
    await page.getByRole('link', {name: 'Continue from the file'}).click();
    await page.waitForURL(/weather-kept|[?&]c=/);
    await sees(page, '1 temperatures, 1 winds, 1 rules fired');
}

export const paths = {
    '/counter': counter,
    '/multi-counter': multiCounter,
    '/calculator': calculator,
    '/tabs': tabs,
    '/calendar': calendar,
    '/todo': todo,
    '/columns': columns,
    '/booking': booking,
    '/booking-flow': bookingFlow,
    '/preserved-widget': preservedWidget,
    '/protected-counter': protectedCounter,
    '/wizard': wizard,
    '/dialogs': dialogs,
    '/url-counter': urlCounter,
    '/reading-list': readingList,
    '/paginated-list': paginatedList,
    '/table-report': tableReport,
    '/tree': tree,
    '/breadcrumb': breadcrumb,
    '/error-banner': errorBanner,
    '/error-answer': errorAnswer,
    '/clock': clock,
    '/shared-counter': sharedCounter,
    '/chat': chat,
    '/standup': standup,
    '/claim': claim,
    '/inbox': inbox,
    '/audit': audit,
    '/report': report,
    '/weather': weather,
};
