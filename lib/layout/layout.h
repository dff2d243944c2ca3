/* Data sets of every layout, read as manifests.
 *
 * A reader turns what it finds into the text of a manifest, as the scan of class folders does, so
 * that everything behind it knows one form. Nothing is copied: rows name the files that there are,
 * or byte ranges of them (columns offset, length and raw). Which layout a DATASET has is told by
 * its name and by what a folder holds, see tessera-manifest(5); what is ambiguous is refused.
 *
 *     g_autoptr(TsManifest) manifest = ts_layout_read("shards/train-{000000..000009}.tar", error);
 *     if (manifest == NULL)
 *         return FALSE;
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

/* Read a DATASET: all that ts_manifest_read() reads, CSV (Hugging Face's metadata.csv, Kaggle's
 * id,label), JSON Lines, a COCO file, an IDX pair, WebDataset shards, or a folder that holds one of
 * these. TS_ERROR_IO, TS_ERROR_FORMAT or TS_ERROR_NO_MEMORY, naming file and line. */
TsManifest *ts_layout_read(const char *dataset, GError **error);

G_END_DECLS
