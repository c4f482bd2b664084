// One comment on a pull request, one issue: written once, then kept up to date. The steps with
// actions/github-script hand in its `github` and `context`.

const own = (thing) => thing.user.login === 'github-actions[bot]'

// The comment is found by its first line, which is a marker, and by its author, on all pages:
// another stack, another bot or a person who quotes it cannot get between. An equal text is not
// written again.
async function comment({github, context}, body) {
  const where = {...context.repo, issue_number: context.issue.number}
  const marker = (text) => text.split('\n')[0].trim()
  const comments = await github.paginate(github.rest.issues.listComments, {...where, per_page: 100})
  const found = comments.find((one) => own(one) && marker(one.body) === marker(body))
  if (!found) {
    await github.rest.issues.createComment({...where, body})
  } else if (found.body !== body) {
    await github.rest.issues.updateComment({...context.repo, comment_id: found.id, body})
  }
}

// The issue is open as long as there is a text; without one it is closed.
async function issue({github, context}, title, text) {
  const open = await github.paginate(github.rest.issues.listForRepo,
    {...context.repo, state: 'open', per_page: 100})
  const found = open.find((one) => own(one) && !one.pull_request && one.title === title)
  if (found && !text) {
    const issue_number = found.number
    await github.rest.issues.update({...context.repo, issue_number, state: 'closed'})
  } else if (text && !found) {
    await github.rest.issues.create({...context.repo, title, body: text})
  } else if (text && found.body !== text) {
    await github.rest.issues.update({...context.repo, issue_number: found.number, body: text})
  }
}

module.exports = {comment, issue}
