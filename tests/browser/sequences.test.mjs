// Random sequences of user actions in two tabs of one list: add, tick, delete, go back and forward, reload, duplicate
// a tab, leave a text unsent. After each action, a tab must show the stored state of the server. STUBE_SEED repeats a
// run, STUBE_ACTIONS sets its length.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {enter, levels, visitorAt} from './levels.mjs';
import {randomNumbers} from './random.mjs';
import {button, eventually, Gallery, openPage} from './support.mjs';

const seed = Number(process.env.STUBE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const actions = Number(process.env.STUBE_ACTIONS ?? 40);

/// The list that a page shows: its items with their ticks, or the question in its place.
const shown = page => page.locator('#stube-view').evaluate(view => ({
    items: [...view.querySelectorAll('[role=checkbox]')].map(item => [item.textContent, item.ariaChecked]),
    question: view.querySelector('[role=dialog] p, [role=dialog] h2')?.textContent ?? null,
}));

class Tabs {
    typed = new Map(); // tabs, to the texts that were typed into them
    added = [];

    constructor(visitor, gallery, tabs, reader, random, hasScripts) {
        Object.assign(this, {visitor, gallery, tabs, reader, random, hasScripts});
    }

    async begin() {
        const [first, second] = this.tabs;
        await first.goto(this.gallery.url('/todo'));
        await this.add(first);
        await eventually(async () => assert.match(first.url(), /[?&]c=/));
        this.id = new URL(first.url()).searchParams.get('c').split('.')[0];
        await second.goto(first.url());
    }

    /// The list that the server has stored, from a request of the same visitor.
    async stored() {
        const response = await this.visitor.request.get(this.gallery.url(`/todo?c=${this.id}`));
        await this.reader.setContent(await response.text());
        const draft = this.reader.getByLabel('New');
        return {...await shown(this.reader), draft: await draft.count() ? await draft.inputValue() : null};
    }

    async add(tab) {
        const text = `Thing ${this.added.length}`;
        await enter(tab, 'New', text);
        // Back restores the text: without scripts, nothing removes a sent text from the field.
        if (!this.hasScripts) this.recordTyped(tab, text);
        await tab.keyboard.press('Enter');
        await tab.getByRole('checkbox', {name: text, exact: true}).waitFor();
        this.added.push(text);
    }

    async tick(tab) {
        await this.press(tab, tab.getByRole('checkbox'));
    }

    async askToDelete(tab) {
        await this.press(tab, tab.getByRole('button', {name: /^Delete Thing/}));
    }

    /// Presses one of the buttons. Without buttons, reloads the page: without scripts it does not show the changes of
    /// other tabs.
    async press(tab, buttons) {
        const count = await buttons.count();
        if (count > 0) await buttons.nth(this.random(count)).click();
        else await tab.reload();
    }

    async type(tab) {
        const text = `unsent ${this.random(1000)}`;
        if (!this.hasScripts) await tab.reload();
        if ((await shown(tab)).question !== null) return;
        await enter(tab, 'New', text);
        this.recordTyped(tab, text);
    }

    recordTyped(tab, text) { this.typed.set(tab, [...this.typed.get(tab) ?? [], text]); }

    async navigate(tab, how) {
        const response = await tab[how]();
        if (!tab.url().startsWith('http')) await tab.goForward(); // the tab has left the application
        else if (!response && !this.hasScripts) await tab.reload(); // the history has no such entry
    }

    async act() {
        const tab = this.tabs[this.random(2)];
        const other = this.tabs.find(each => each !== tab);
        if ((await shown(tab)).question !== null) {
            const answers = [() => button(tab, 'Delete').click(), () => button(tab, 'Keep').click(), () => this.navigate(tab, 'goBack')];
            await answers[this.random(3)]();
            return tab;
        }
        const acts = {
            add: () => this.add(tab), addAgain: () => this.add(tab), tick: () => this.tick(tab), tickAgain: () => this.tick(tab),
            delete: () => this.askToDelete(tab), type: () => this.type(tab), reload: () => tab.reload(),
            back: () => this.navigate(tab, 'goBack'), forward: () => this.navigate(tab, 'goForward'),
            duplicate: () => other.goto(tab.url()),
        };
        const name = Object.keys(acts)[this.random(Object.keys(acts).length)];
        this.log.push(`${this.tabs.indexOf(tab)} ${name}`);
        await acts[name]();
        return name === 'duplicate' ? other : tab;
    }

    log = [];

    async check(tab) {
        const draftOf = async () => {
            const field = tab.getByLabel('New');
            return await field.count() ? field.inputValue() : null;
        };
        await eventually(async () => {
            const {draft, ...stored} = await this.stored();
            assert.deepEqual(await shown(tab), stored);
            const shownDraft = await draftOf();
            const allowed = [draft, '', ...this.typed.get(tab) ?? []];
            assert.ok(shownDraft === null || allowed.includes(shownDraft), `"${shownDraft}" was never typed in this tab`);
            const names = stored.items.map(([text]) => text);
            assert.equal(new Set(names).size, names.length, 'nothing was added twice');
        });
    }
}

for (const level of [levels[0], levels[2]]) {
    test(`${level.name}: a page shows the stored state after each action`, async t => {
        const gallery = await Gallery.started(t);
        const visitor = await visitorAt(t, level);
        const tabs = [await openPage(visitor), await openPage(visitor)];
        const reader = await (await visitorAt(t, levels[0])).newPage();
        const run = new Tabs(visitor, gallery, tabs, reader, randomNumbers(seed), level === levels[0]);
        console.log(`STUBE_SEED=${seed} STUBE_ACTIONS=${actions}`);
        await run.begin();
        for (let done = 0; done < actions; ++done) {
            const tab = await run.act();
            await run.check(tab).catch(error => {
                error.message += `\nSTUBE_SEED=${seed}, act ${done}: ${run.log.slice(-8).join(', ')}`;
                throw error;
            });
        }
    });
}
