// SPDX-License-Identifier: Apache-2.0
// Writes the PolicyReports of a run, one request at a time, and takes away those that have become
// empty. What fails is told once in the log and tried again with the next run. Loop thread.
#pragma once

#include "base/base.h"
#include "informer/informer.h"

struct client;
struct policy_reports;
struct report_set;

struct policy_reports *policy_reports_new(struct client *c, struct informers *in);
void policy_reports_free(struct policy_reports *p); // NULL ok; ends what is under way
// The set moves in; NULL takes all that may stand away. Replaces what is still under way.
void policy_reports_publish(struct policy_reports *p, struct report_set *set);
// None is wanted: those that this process or an earlier one has written go. Nothing is asked once
// that is known to be done.
void policy_reports_clear(struct policy_reports *p);
bool policy_reports_installed(struct informers *in); // both CRDs
