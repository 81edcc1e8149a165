// Checks rendered manifests against the Kubernetes schemas, without a cluster. README.md in this directory has the command.
import fs from 'node:fs';
import * as yaml from 'js-yaml';
import * as core from 'kubernetes-models/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as policy from 'kubernetes-models/policy/v1';

const schemas = { v1: core, 'apps/v1': apps, 'policy/v1': policy };
let checked = 0;
let bad = 0;
for (const file of process.argv.slice(2)) {
  for (const manifest of yaml.loadAll(fs.readFileSync(file, 'utf8'))) {
    const name = `${file}: ${manifest.kind} ${manifest.metadata?.name}`;
    try {
      new schemas[manifest.apiVersion][manifest.kind](manifest).validate();
      console.log(`ok   ${name}`);
    } catch (e) {
      bad++;
      console.log(`BAD  ${name}: ${e.message}`);
    }
    checked++;
  }
}
process.exit(checked > 0 && bad === 0 ? 0 : 1);
