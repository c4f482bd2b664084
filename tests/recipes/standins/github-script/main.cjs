// Runs a script as actions/github-script does: as the body of a function, with these names. The token
// is that of the job; act has one for all.
const {createRequire} = require('node:module')
const modules = createRequire(`${process.env.STANDIN_MODULES}/x.js`)
const {context, getOctokit} = modules('@actions/github')
const core = modules('@actions/core')

async function run() {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor
  const script = core.getInput('script', {required: true})
  const github = getOctokit(process.env.STANDIN_TOKEN)
  const scope = {context, core, github, require: createRequire(`${process.cwd()}/x.js`)}
  await new AsyncFunction(...Object.keys(scope), script)(...Object.values(scope))
}

run().catch((error) => core.setFailed(`${error}`))
