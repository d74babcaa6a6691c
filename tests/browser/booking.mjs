// The steps of the hotel example as a guest goes through them. /booking and /booking-flow have the same steps.
import assert from 'node:assert/strict';
import {button, heading} from './support.mjs';

function inDays(days) {
    const date = new Date();
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
}

export const ada = {
    arrival: inDays(20), departure: inDays(23),
    room: 'Sea View', name: 'Ada Lovelace', email: 'ada@example.org', guests: '2',
};
export const grace = {
    arrival: inDays(40), departure: inDays(41),
    room: 'Tower Suite', name: 'Grace Hopper', email: 'grace@example.org', guests: '3',
};

async function choose(field, value) {
    const isList = await field.evaluate(element => element instanceof HTMLSelectElement);
    return isList ? field.selectOption(value) : field.fill(value);
}

/// The title of each step, the guest's entries, and the button that leads to the next step.
export const steps = [
    {
        title: 'When would you like to stay?',
        enter: async (page, guest) => {
            await page.getByLabel('Arrival').fill(guest.arrival);
            await page.getByLabel('Departure').fill(guest.departure);
        },
        next: () => 'Next',
    },
    {title: 'Choose a room', enter: async () => {}, next: guest => `Choose ${guest.room}`},
    {
        title: 'Your details',
        enter: async (page, guest) => {
            await page.getByLabel('Name').fill(guest.name);
            await page.getByLabel('Email').fill(guest.email);
            await choose(page.getByLabel('Guests'), guest.guests);
        },
        next: () => 'Continue',
    },
    {title: 'Check your booking', enter: async () => {}, next: () => 'Confirm booking'},
];

export const lastTitle = 'Your room is booked';

/// Goes through all steps, beginning with the step `first`. `disturb(page, step)` runs in the middle of each step.
export async function book(page, guest, {first = 0, disturb = async () => {}} = {}) {
    for (const step of steps.slice(first)) {
        await heading(page, step.title).waitFor();
        await step.enter(page, guest);
        await disturb(page, step);
        await button(page, step.next(guest)).click();
    }
    return receipt(page, guest);
}

const spoken = iso => new Intl.DateTimeFormat('en-GB', {
    weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
}).format(new Date(iso)).replace(',', '').replace('Sept', 'Sep');

/// Checks that the receipt contains everything that the guest has entered. Returns its reference.
export async function receipt(page, guest) {
    await heading(page, lastTitle).waitFor();
    const text = await page.locator('.receipt').innerText();
    const entered = [spoken(guest.arrival), spoken(guest.departure), guest.room, guest.name, guest.email];
    for (const each of entered) assert.ok(text.includes(each), `"${each}" is missing in the receipt:\n${text}`);
    assert.match(text, new RegExp(`Guests\\s+${guest.guests}\\b`));
    const reference = await page.locator('.reference').innerText();
    assert.match(reference, /\S/);
    return reference;
}
