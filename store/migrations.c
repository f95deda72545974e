// SPDX-License-Identifier: Apache-2.0
// Tables of the product document, widened where it made keys too narrow, plus what the operator
// itself needs. Results name their run and check by number and their severity and status by rank
// (rank.h): a finding costs its own words only, and the list that people read first comes out of an
// index in its order. The view `assessments` gives the document's columns back. Times are RFC 3339
// UTC text with milliseconds, so that they sort and read well in any SQLite tool.
#include "store/migrations.h"

#include "store/rank.h"
#include "store/results.h"

// clang-format off
static const char first[] =
    "PRAGMA application_id=" STORE_APPLICATION_ID ";"
    "CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE operator_status(id INTEGER PRIMARY KEY CHECK (id = 1), mode TEXT NOT NULL, tier TEXT NOT NULL,"
    " version TEXT NOT NULL, health TEXT NOT NULL, registered BOOLEAN NOT NULL, cluster_id TEXT, error TEXT,"
    " last_update TEXT NOT NULL);"
    "CREATE TABLE runs(id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, mode TEXT NOT NULL,"
    " run_trigger TEXT NOT NULL, phase TEXT NOT NULL, reason TEXT, message TEXT, profile TEXT, requested_at TEXT NOT NULL,"
    " started_at TEXT, completed_at TEXT, score INTEGER, grade TEXT, total INTEGER NOT NULL DEFAULT 0,"
    " passing INTEGER NOT NULL DEFAULT 0, failing INTEGER NOT NULL DEFAULT 0, warning INTEGER NOT NULL DEFAULT 0,"
    " skipped INTEGER NOT NULL DEFAULT 0, error INTEGER NOT NULL DEFAULT 0, evaluated INTEGER NOT NULL DEFAULT 0,"
    " config_generation INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX idx_runs_name ON runs(name);"
    "CREATE INDEX idx_runs_requested ON runs(requested_at);"
    "CREATE INDEX idx_runs_assessed ON runs(coalesce(started_at, requested_at));"
    "CREATE INDEX idx_runs_completed ON runs(completed_at);"
    "CREATE TABLE checks(id INTEGER PRIMARY KEY, check_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, pillar TEXT NOT NULL,"
    " remediation TEXT);"
    // Rows of checks are never deleted, so chk needs no REFERENCES, which each insert would pay for.
    // The newest run is never pruned, so an id is not given twice.
    "CREATE TABLE results(id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
    " chk INTEGER NOT NULL, subject INTEGER NOT NULL, rank INTEGER NOT NULL, reason TEXT,"
    " object_kind TEXT NOT NULL, object_namespace TEXT NOT NULL, object_name TEXT NOT NULL, container TEXT, path TEXT,"
    " message TEXT, fingerprint TEXT, objects INTEGER NOT NULL DEFAULT 1);"
    // One row per object, which subject stands for (subject_of): three numbers compare in a third of
    // the time of five texts.
    "CREATE UNIQUE INDEX idx_results_subject ON results(run, chk, subject);"
    "CREATE INDEX idx_results_rank ON results(run, rank, chk);"
    "CREATE VIEW assessments AS SELECT 'fnd_' || r.id AS id, n.uid AS run_uid, n.name AS run_name, c.pillar, c.check_id,"
    " c.name AS check_name, " RANK_SEVERITY_SQL("r.rank") " AS severity, " RANK_STATUS_SQL("r.rank") " AS status, r.reason,"
    " nullif(r.object_kind, '') AS object_kind, nullif(r.object_namespace, '') AS object_namespace,"
    " nullif(r.object_name, '') AS object_name, r.container, r.path, r.message, c.remediation, r.fingerprint, r.objects,"
    " coalesce(n.started_at, n.requested_at) AS assessed_at"
    " FROM runs n CROSS JOIN results r ON r.run = n.id JOIN checks c ON c.id = r.chk;"
    "CREATE TABLE assessment_history(id INTEGER PRIMARY KEY AUTOINCREMENT, run_uid TEXT NOT NULL, run_name TEXT NOT NULL,"
    " pillar TEXT NOT NULL, score INTEGER, passing_count INTEGER NOT NULL, failing_count INTEGER NOT NULL,"
    " warning_count INTEGER NOT NULL, skipped_count INTEGER NOT NULL DEFAULT 0, error_count INTEGER NOT NULL DEFAULT 0,"
    " assessed_at TEXT NOT NULL);"
    "CREATE INDEX idx_assessment_history_date ON assessment_history(assessed_at);"
    "CREATE INDEX idx_assessment_history_run ON assessment_history(run_uid);"
    "CREATE TABLE insights(id TEXT PRIMARY KEY, cluster_id TEXT NOT NULL, object_kind TEXT NOT NULL, object_namespace TEXT,"
    " object_name TEXT NOT NULL, insight_type TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL,"
    " insight_text TEXT NOT NULL, recommendation TEXT, status TEXT NOT NULL, confidence REAL, created_at TEXT NOT NULL,"
    " acknowledged_at TEXT, expires_at TEXT);"
    "CREATE INDEX idx_insights_severity ON insights(severity);"
    "CREATE INDEX idx_insights_namespace ON insights(object_namespace);"
    "CREATE INDEX idx_insights_status ON insights(status);"
    "CREATE INDEX idx_insights_created ON insights(created_at);"
    "CREATE TABLE argocd_apps(name TEXT NOT NULL, namespace TEXT NOT NULL, project TEXT NOT NULL, sync_status TEXT NOT NULL,"
    " health_status TEXT NOT NULL, repo_url TEXT, path TEXT, target_revision TEXT, last_sync_at TEXT, updated_at TEXT NOT NULL,"
    " PRIMARY KEY(namespace, name));"
    "CREATE TABLE obfuscation_map(object_kind TEXT NOT NULL, real_name TEXT NOT NULL, mock_name TEXT NOT NULL UNIQUE,"
    " created_at TEXT NOT NULL, PRIMARY KEY(object_kind, real_name));"
    "CREATE TABLE collections(id TEXT PRIMARY KEY, collection_type TEXT NOT NULL, data TEXT NOT NULL, collected_at TEXT NOT NULL);"
    "CREATE INDEX idx_collections_date ON collections(collected_at);"
    "CREATE TABLE events(id TEXT PRIMARY KEY, event_type TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL,"
    " description TEXT, object_kind TEXT, object_namespace TEXT, object_name TEXT, metadata TEXT, created_at TEXT NOT NULL);"
    "CREATE INDEX idx_events_type ON events(event_type);"
    "CREATE INDEX idx_events_severity ON events(severity);"
    "CREATE INDEX idx_events_created ON events(created_at);"
    "CREATE TABLE actions(id TEXT PRIMARY KEY, policy TEXT NOT NULL, action TEXT NOT NULL, object_kind TEXT NOT NULL,"
    " object_namespace TEXT, object_name TEXT NOT NULL, phase TEXT NOT NULL, detail TEXT, created_at TEXT NOT NULL,"
    " completed_at TEXT);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, at TEXT NOT NULL, action TEXT NOT NULL, object TEXT, detail TEXT);"
    "CREATE INDEX idx_audit_at ON audit(at);";

// Images' vulnerabilities as the reports of trivy-operator have them now. `seen` is true for the
// reports that the round under way has met.
static const char second[] =
    "CREATE TABLE image_scans(id INTEGER PRIMARY KEY, report_uid TEXT NOT NULL UNIQUE, version TEXT NOT NULL,"
    " object_kind TEXT NOT NULL, object_namespace TEXT NOT NULL, object_name TEXT NOT NULL, container TEXT NOT NULL,"
    " image TEXT NOT NULL, digest TEXT NOT NULL, scanned_at TEXT, seen BOOLEAN NOT NULL);"
    "CREATE TABLE image_vulnerabilities(id INTEGER PRIMARY KEY, scan INTEGER NOT NULL REFERENCES image_scans(id) ON DELETE CASCADE,"
    " severity INTEGER NOT NULL, vulnerability_id TEXT NOT NULL, package_name TEXT NOT NULL,"
    " installed_version TEXT NOT NULL, fixed_version TEXT NOT NULL);"
    "CREATE INDEX idx_image_vulnerabilities_scan ON image_vulnerabilities(scan);"
    "CREATE INDEX idx_image_vulnerabilities_rank ON image_vulnerabilities(severity, vulnerability_id);";

// Who accepted a finding that counts as skipped, why and until when. Few are, so they are no columns
// of all results.
static const char third[] =
    "CREATE TABLE exempted_results(result INTEGER PRIMARY KEY REFERENCES results(id) ON DELETE CASCADE,"
    " exempted_by TEXT NOT NULL, reason TEXT, until TEXT);";

// What a run says again is not written again: a result is one row, whoever says it, and a run has
// spans of rows, each of one rank and one check. The rows that are there are numbered anew, run by
// run, so that each block of theirs is one span; they have no hash of their content and stay what
// they are. Everything goes in the order of an index: nothing is sorted in memory.
static const char fourth[] =
    "DROP VIEW assessments;"
    "INSERT OR IGNORE INTO facts(key, value) VALUES('" RESULT_SALT_FACT "', hex(randomblob(16)));"
    "CREATE TABLE spans(run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE, rank INTEGER NOT NULL, chk INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(run, rank, chk, first)) WITHOUT ROWID;"
    "INSERT INTO spans SELECT run, rank, chk, sum(n) OVER before + 1 - n, sum(n) OVER before"
    " FROM (SELECT run, rank, chk, count(*) AS n FROM results GROUP BY run, rank, chk)"
    " WINDOW before AS (ORDER BY run, rank, chk ROWS UNBOUNDED PRECEDING);"
    "CREATE TABLE exempted_before AS SELECT s.first + (SELECT count(*) FROM results b WHERE b.run = r.run AND b.rank = r.rank"
    " AND b.chk = r.chk AND b.id < r.id) AS number, x.exempted_by, x.reason, x.until FROM exempted_results x"
    " CROSS JOIN results r ON r.id = x.result CROSS JOIN spans s ON s.run = r.run AND s.rank = r.rank AND s.chk = r.chk;"
    "DROP TABLE exempted_results;"
    "ALTER TABLE results RENAME TO results_before;"
    "CREATE TABLE results(id INTEGER PRIMARY KEY, content INTEGER, chk INTEGER NOT NULL, rank INTEGER NOT NULL, reason TEXT,"
    " object_kind TEXT NOT NULL, object_namespace TEXT NOT NULL, object_name TEXT NOT NULL, container TEXT, path TEXT,"
    " message TEXT, fingerprint TEXT, objects INTEGER NOT NULL DEFAULT 1);"
    "INSERT INTO results(chk, rank, reason, object_kind, object_namespace, object_name, container, path, message, fingerprint, objects)"
    " SELECT chk, rank, reason, object_kind, object_namespace, object_name, container, path, message, fingerprint, objects"
    " FROM results_before ORDER BY run, rank, chk, id;"
    "DROP TABLE results_before;"
    "CREATE UNIQUE INDEX idx_results_content ON results(content) WHERE content IS NOT NULL;"
    "CREATE TABLE exempted_results(result INTEGER PRIMARY KEY REFERENCES results(id) ON DELETE CASCADE,"
    " exempted_by TEXT NOT NULL, reason TEXT, until TEXT);"
    "INSERT INTO exempted_results SELECT number, exempted_by, reason, until FROM exempted_before;"
    "DROP TABLE exempted_before;"
    "CREATE VIEW assessments AS SELECT " RESULT_ID_SQL("n.id", "r.id") " AS id, n.uid AS run_uid, n.name AS run_name, c.pillar,"
    " c.check_id, c.name AS check_name, " RANK_SEVERITY_SQL("r.rank") " AS severity, " RANK_STATUS_SQL("r.rank") " AS status,"
    " r.reason, nullif(r.object_kind, '') AS object_kind, nullif(r.object_namespace, '') AS object_namespace,"
    " nullif(r.object_name, '') AS object_name, r.container, r.path, r.message, c.remediation, r.fingerprint, r.objects,"
    " coalesce(n.started_at, n.requested_at) AS assessed_at"
    " FROM runs n CROSS JOIN spans s ON s.run = n.id CROSS JOIN results r ON r.id BETWEEN s.first AND s.last"
    " JOIN checks c ON c.id = r.chk;";
// clang-format on

const char *const store_migrations[STORE_SCHEMA_VERSION] = { first, second, third, fourth };
