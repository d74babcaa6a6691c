// The board behind nginx with tutorial/12-going-live/nginx.conf, included by an nginx.conf like Debian's.
import assert from 'node:assert/strict';
import {mkdir, writeFile} from 'node:fs/promises';
import {Agent, get} from 'node:https';
import path from 'node:path';
import {test} from 'node:test';
import {connect} from 'node:tls';
import {eventually, freePort} from '../browser/support.mjs';
import {proxyCases} from './proxy_cases.mjs';
import {fileOfPage, makeCertificate, runProxy, scratchFolder, Standup} from './support.mjs';

async function setUp(t, standup) {
    const folder = await scratchFolder(t);
    const {certificate, key} = makeCertificate(folder);
    const port = await freePort();
    const live = '/etc/letsencrypt/live/standup.example.org';
    const site = await fileOfPage('nginx.conf', [
        ['127.0.0.1:8080', `127.0.0.1:${standup.port}`],
        ['listen 443 ', `listen 127.0.0.1:${port} `],
        ['    listen [::]:443 ssl http2;\n', ''],
        ['listen 80;', `listen 127.0.0.1:${await freePort()};`],
        ['    listen [::]:80;\n', ''],
        ['standup.example.org;', 'localhost;'],
        [`${live}/fullchain.pem`, certificate],
        [`${live}/privkey.pem`, key],
    ]);
    await writeFile(path.join(folder, 'site.conf'), site);
    await mkdir(path.join(folder, 'temp'));
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map(name => `${name}_temp_path ${folder}/temp;`).join('\n');
    await writeFile(path.join(folder, 'nginx.conf'), `
        daemon off;
        worker_processes 2;
        pid ${folder}/nginx.pid;
        error_log stderr warn;
        events { worker_connections 768; }
        http {
            access_log off;
            sendfile on;
            tcp_nopush on;
            types_hash_max_size 2048;
            include /etc/nginx/mime.types;
            default_type application/octet-stream;
            gzip on;
            ${temp}
            include ${folder}/site.conf;
        }`);
    await runProxy(t, process.env.STUBE_NGINX, ['-p', folder, '-c', `${folder}/nginx.conf`], port);
    return `https://localhost:${port}/`;
}

proxyCases('nginx', setUp);

const statusOf = (address, agent) => new Promise((resolve, reject) => {
    get(address, {agent, rejectUnauthorized: false}, response => {
        response.resume().once('end', () => resolve(response.statusCode));
    }).once('error', reject);
});

test('an address is refused while it sends too many requests', async t => {
    const address = await setUp(t, await Standup.started(t));
    const agent = new Agent({keepAlive: true, maxSockets: 50});
    t.after(() => agent.destroy());
    const statuses = await Promise.all(Array.from({length: 1000}, () => statusOf(address, agent)));
    assert.ok(statuses.filter(status => status === 200).length >= 300);
    assert.ok(statuses.includes(429));
    await eventually(async () => assert.equal(await statusOf(address, agent), 200));
});

test('an address with too many pending requests is refused', async t => {
    const address = new URL(await setUp(t, await Standup.started(t)));
    const head = `POST / HTTP/1.1\r\nHost: ${address.host}\r\nContent-Length: 5\r\n\r\n`; // the body never comes
    const refused = new Promise((resolve, reject) => {
        for (let count = 0; count < 210; ++count) {
            const socket = connect({port: address.port, host: '127.0.0.1', rejectUnauthorized: false});
            t.after(() => socket.destroy());
            socket.once('secureConnect', () => socket.write(head)).once('error', reject);
            socket.once('data', data => resolve(String(data).split('\r\n')[0]));
        }
    });
    assert.equal(await refused, 'HTTP/1.1 429 Too Many Requests');
});
