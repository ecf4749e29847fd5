// Holds the blocks of the last whole session against the schedule: each of its slots that was used
// was its author's. Gives 1 if so.

async function run(nodeName, networkInfo) {
  const { wsUri, userDefinedTypes } = networkInfo.nodesByName[nodeName];
  const api = await zombie.connect(wsUri, userDefinedTypes);
  const current = await api.query.pov.currentSchedule();
  const session = current.unwrap().session.toNumber();
  const past = (await api.query.pov.pastSessions(session - 1)).unwrap();
  const passed = past.last.toNumber() - past.first.toNumber() + 1;
  let due = 0;
  for (const share of past.shares) {
    if (share.authored.toNumber() > share.due.toNumber()) return 0;
    due += share.due.toNumber();
  }
  await api.disconnect();
  return due === passed ? 1 : 0;
}

module.exports = { run };
