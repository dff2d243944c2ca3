/* Event records of TensorBoard's plugins hparams and pr_curves. */
#include "store/tensorboard.pb-c.h"
#include "store/tfevents.h"

/* ---- the settings and the end of a run ---- */

static gboolean
add_hparams(TsEventWriter *self, const char *tag, const Tensorboard__HParamsPluginData *data,
            GError **error)
{
    gsize n = tensorboard__hparams_plugin_data__get_packed_size(data);
    g_autofree guint8 *packed = g_malloc(n + 1);
    tensorboard__hparams_plugin_data__pack(data, packed);
    return ts_event_writer_add_tensor(self, tag, 0, "hparams", packed, n, 0, 0, NULL, error);
}

gboolean
ts_event_writer_add_settings(TsEventWriter *self, const TsEventSetting *settings, guint n,
                             GError **error)
{
    g_autofree Tensorboard__HParamsPluginData__Hparam *entries =
        g_new(Tensorboard__HParamsPluginData__Hparam, n);
    g_autofree Tensorboard__HParamsPluginData__Value *values =
        g_new(Tensorboard__HParamsPluginData__Value, n);
    g_autofree Tensorboard__HParamsPluginData__Hparam **pointers =
        g_new(Tensorboard__HParamsPluginData__Hparam *, n);
    for (guint i = 0; i < n; i++) {
        tensorboard__hparams_plugin_data__value__init(&values[i]);
        tensorboard__hparams_plugin_data__hparam__init(&entries[i]);
        if (settings[i].text != NULL) {
            values[i].kind_case = TENSORBOARD__HPARAMS_PLUGIN_DATA__VALUE__KIND_STRING_VALUE;
            values[i].string_value = (char *) settings[i].text;
        } else {
            values[i].kind_case = TENSORBOARD__HPARAMS_PLUGIN_DATA__VALUE__KIND_NUMBER_VALUE;
            values[i].number_value = settings[i].number;
        }
        entries[i].key = (char *) settings[i].name;
        entries[i].value = &values[i];
        pointers[i] = &entries[i];
    }
    Tensorboard__HParamsPluginData data = TENSORBOARD__HPARAMS_PLUGIN_DATA__INIT;
    Tensorboard__HParamsPluginData__SessionStart start =
        TENSORBOARD__HPARAMS_PLUGIN_DATA__SESSION_START__INIT;
    start.n_hparams = n;
    start.hparams = pointers;
    start.start_time = (double) g_get_real_time() / 1e6;
    data.session_start = &start;
    return add_hparams(self, "_hparams_/session_start_info", &data, error);
}

gboolean
ts_event_writer_add_end(TsEventWriter *self, gboolean success, GError **error)
{
    Tensorboard__HParamsPluginData data = TENSORBOARD__HPARAMS_PLUGIN_DATA__INIT;
    Tensorboard__HParamsPluginData__SessionEnd end =
        TENSORBOARD__HPARAMS_PLUGIN_DATA__SESSION_END__INIT;
    end.status = success ? TENSORBOARD__HPARAMS_PLUGIN_DATA__SESSION_END__STATUS__SUCCESS
                         : TENSORBOARD__HPARAMS_PLUGIN_DATA__SESSION_END__STATUS__FAILURE;
    end.end_time = (double) g_get_real_time() / 1e6;
    data.session_end = &end;
    return add_hparams(self, "_hparams_/session_end_info", &data, error);
}

/* ---- precision and recall ---- */

gboolean
ts_event_writer_add_pr_curve(TsEventWriter *self, const char *tag, gint64 step,
                             const guint64 positives[TS_EVENT_THRESHOLDS],
                             const guint64 negatives[TS_EVENT_THRESHOLDS], GError **error)
{
    enum { TP, FP, TN, FN, PRECISION, RECALL, N_ROWS };
    float rows[N_ROWS][TS_EVENT_THRESHOLDS];
    guint64 n_positive = 0, n_negative = 0, tp = 0, fp = 0;
    for (guint i = 0; i < TS_EVENT_THRESHOLDS; i++) {
        n_positive += positives[i];
        n_negative += negatives[i];
    }
    for (int i = TS_EVENT_THRESHOLDS - 1; i >= 0; i--) {
        tp += positives[i];
        fp += negatives[i];
        rows[TP][i] = (float) tp;
        rows[FP][i] = (float) fp;
        rows[TN][i] = (float) (n_negative - fp);
        rows[FN][i] = (float) (n_positive - tp);
        rows[PRECISION][i] = tp + fp > 0 ? (float) ((double) tp / (double) (tp + fp)) : 0;
        rows[RECALL][i] = n_positive > 0 ? (float) ((double) tp / (double) n_positive) : 0;
    }
    Tensorboard__PrCurvePluginData data = TENSORBOARD__PR_CURVE_PLUGIN_DATA__INIT;
    data.num_thresholds = TS_EVENT_THRESHOLDS;
    guint8 packed[32];
    gsize n = tensorboard__pr_curve_plugin_data__pack(&data, packed);
    return ts_event_writer_add_tensor(self, tag, step, "pr_curves", packed, n, N_ROWS,
                                      TS_EVENT_THRESHOLDS, rows[0], error);
}
