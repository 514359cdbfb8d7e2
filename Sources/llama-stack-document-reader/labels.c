#include "labels.h"

#include <string.h>

// The names of the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels), and those that other
// programs write for the same and for a few that it does not have. "replacement" and "x-user-defined" are left out.
// Labels are in the order of strcmp.
static const encoding encodings[] = {
    {"armscii-8", "ARMSCII-8"}, {"big5", "BIG5-HKSCS"}, {"euc-jp", "EUC-JP-MS"}, {"euc-kr", "UHC"},
    {"euc-tw", "EUC-TW"}, {"gb18030", "GB18030"}, {"gbk", "GB18030"}, {"georgian-ps", "GEORGIAN-PS"},
    {"ibm437", "CP437"}, {"ibm850", "CP850"}, {"ibm852", "CP852"}, {"ibm855", "CP855"}, {"ibm866", "CP866"},
    {"iso-2022-jp", "ISO-2022-JP-3"}, {"iso-8859-10", "ISO-8859-10"}, {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"}, {"iso-8859-15", "ISO-8859-15"}, {"iso-8859-16", "ISO-8859-16"},
    {"iso-8859-2", "ISO-8859-2"}, {"iso-8859-3", "ISO-8859-3"}, {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"}, {"iso-8859-6", "ISO-8859-6"}, {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"}, {"iso-8859-8-i", "ISO-8859-8"}, {"johab", "JOHAB"}, {"koi8-r", "KOI8-R"},
    {"koi8-t", "KOI8-T"}, {"koi8-u", "KOI8-U"}, {"macintosh", "MACINTOSH"}, {"shift_jis", "CP932"}, {"tcvn", "TCVN"},
    {"utf-16be", "UTF-16BE"}, {"utf-16le", "UTF-16LE"}, {"utf-32be", "UTF-32BE"}, {"utf-32le", "UTF-32LE"},
    {"utf-8", "UTF-8"}, {"viscii", "VISCII"}, {"windows-1250", "CP1250"}, {"windows-1251", "CP1251"},
    {"windows-1252", "CP1252"}, {"windows-1253", "CP1253"}, {"windows-1254", "CP1254"}, {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"}, {"windows-1257", "CP1257"}, {"windows-1258", "CP1258"}, {"windows-874", "CP874"},
    {"x-mac-ce", "MAC-CENTRALEUROPE"}, {"x-mac-cyrillic", "MAC-UK"},
};

static const struct {
    const char *label;
    unsigned char encoding;
} labels[] = {
    {"437", 8}, {"850", 9}, {"852", 10}, {"866", 12}, {"ansi_x3.4-1968", 42}, {"arabic", 23}, {"armscii-8", 0},
    {"ascii", 42}, {"asmo-708", 23}, {"big5", 1}, {"big5-hkscs", 1}, {"chinese", 6}, {"cn-big5", 1}, {"cp1250", 40},
    {"cp1251", 41}, {"cp1252", 42}, {"cp1253", 43}, {"cp1254", 44}, {"cp1255", 45}, {"cp1256", 46}, {"cp1257", 47},
    {"cp1258", 48}, {"cp437", 8}, {"cp819", 42}, {"cp850", 9}, {"cp852", 10}, {"cp855", 11}, {"cp866", 12},
    {"cp874", 49}, {"cp932", 32}, {"cp936", 6}, {"cp949", 3}, {"cp950", 1}, {"csbig5", 1}, {"cseuckr", 3},
    {"cseucpkdfmtjapanese", 2}, {"csgb2312", 6}, {"csibm866", 12}, {"csiso2022jp", 13}, {"csiso58gb231280", 6},
    {"csiso88596e", 23}, {"csiso88596i", 23}, {"csiso88598e", 25}, {"csiso88598i", 26}, {"csisolatin1", 42},
    {"csisolatin2", 19}, {"csisolatin3", 20}, {"csisolatin4", 21}, {"csisolatin5", 44}, {"csisolatin6", 14},
    {"csisolatin9", 17}, {"csisolatinarabic", 23}, {"csisolatincyrillic", 22}, {"csisolatingreek", 24},
    {"csisolatinhebrew", 25}, {"cskoi8r", 28}, {"csksc56011987", 3}, {"csmacintosh", 31}, {"csshiftjis", 32},
    {"csunicode", 35}, {"cyrillic", 22}, {"dos-874", 49}, {"ecma-114", 23}, {"ecma-118", 24}, {"elot_928", 24},
    {"euc-jp", 2}, {"euc-kr", 3}, {"euc-tw", 4}, {"gb18030", 5}, {"gb2312", 6}, {"gb_2312", 6}, {"gb_2312-80", 6},
    {"gbk", 6}, {"georgian-ps", 7}, {"greek", 24}, {"greek8", 24}, {"hebrew", 25}, {"ibm437", 8}, {"ibm819", 42},
    {"ibm850", 9}, {"ibm852", 10}, {"ibm855", 11}, {"ibm866", 12}, {"iso-10646-ucs-2", 35}, {"iso-2022-jp", 13},
    {"iso-8859-1", 42}, {"iso-8859-10", 14}, {"iso-8859-11", 49}, {"iso-8859-13", 15}, {"iso-8859-14", 16},
    {"iso-8859-15", 17}, {"iso-8859-16", 18}, {"iso-8859-2", 19}, {"iso-8859-3", 20}, {"iso-8859-4", 21},
    {"iso-8859-5", 22}, {"iso-8859-6", 23}, {"iso-8859-6-e", 23}, {"iso-8859-6-i", 23}, {"iso-8859-7", 24},
    {"iso-8859-8", 25}, {"iso-8859-8-e", 25}, {"iso-8859-8-i", 26}, {"iso-8859-9", 44}, {"iso-ir-100", 42},
    {"iso-ir-101", 19}, {"iso-ir-109", 20}, {"iso-ir-110", 21}, {"iso-ir-126", 24}, {"iso-ir-127", 23},
    {"iso-ir-138", 25}, {"iso-ir-144", 22}, {"iso-ir-148", 44}, {"iso-ir-149", 3}, {"iso-ir-157", 14},
    {"iso-ir-58", 6}, {"iso8859-1", 42}, {"iso8859-10", 14}, {"iso8859-11", 49}, {"iso8859-13", 15},
    {"iso8859-14", 16}, {"iso8859-15", 17}, {"iso8859-2", 19}, {"iso8859-3", 20}, {"iso8859-4", 21},
    {"iso8859-5", 22}, {"iso8859-6", 23}, {"iso8859-7", 24}, {"iso8859-8", 25}, {"iso8859-9", 44}, {"iso88591", 42},
    {"iso885910", 14}, {"iso885911", 49}, {"iso885913", 15}, {"iso885914", 16}, {"iso885915", 17}, {"iso88592", 19},
    {"iso88593", 20}, {"iso88594", 21}, {"iso88595", 22}, {"iso88596", 23}, {"iso88597", 24}, {"iso88598", 25},
    {"iso88599", 44}, {"iso_8859-1", 42}, {"iso_8859-15", 17}, {"iso_8859-1:1987", 42}, {"iso_8859-2", 19},
    {"iso_8859-2:1987", 19}, {"iso_8859-3", 20}, {"iso_8859-3:1988", 20}, {"iso_8859-4", 21}, {"iso_8859-4:1988", 21},
    {"iso_8859-5", 22}, {"iso_8859-5:1988", 22}, {"iso_8859-6", 23}, {"iso_8859-6:1987", 23}, {"iso_8859-7", 24},
    {"iso_8859-7:1987", 24}, {"iso_8859-8", 25}, {"iso_8859-8:1988", 25}, {"iso_8859-9", 44}, {"iso_8859-9:1989", 44},
    {"johab", 27}, {"koi", 28}, {"koi8", 28}, {"koi8-r", 28}, {"koi8-ru", 30}, {"koi8-t", 29}, {"koi8-u", 30},
    {"koi8_r", 28}, {"korean", 3}, {"ks_c_5601-1987", 3}, {"ks_c_5601-1989", 3}, {"ksc5601", 3}, {"ksc_5601", 3},
    {"l1", 42}, {"l2", 19}, {"l3", 20}, {"l4", 21}, {"l5", 44}, {"l6", 14}, {"l9", 17}, {"latin-1", 42},
    {"latin-2", 19}, {"latin-9", 17}, {"latin1", 42}, {"latin10", 18}, {"latin2", 19}, {"latin3", 20}, {"latin4", 21},
    {"latin5", 44}, {"latin6", 14}, {"latin9", 17}, {"logical", 26}, {"mac", 31}, {"mac-centraleurope", 50},
    {"mac-cyrillic", 51}, {"maccyrillic", 51}, {"macintosh", 31}, {"ms932", 32}, {"ms_kanji", 32}, {"shift-jis", 32},
    {"shift_jis", 32}, {"sjis", 32}, {"sun_eu_greek", 24}, {"tcvn", 33}, {"tis-620", 49}, {"ucs-2", 35}, {"uhc", 3},
    {"unicode", 35}, {"unicode-1-1-utf-8", 38}, {"unicode11utf8", 38}, {"unicode20utf8", 38}, {"unicodefeff", 35},
    {"unicodefffe", 34}, {"us-ascii", 42}, {"utf-16", 35}, {"utf-16be", 34}, {"utf-16le", 35}, {"utf-32", 37},
    {"utf-32be", 36}, {"utf-32le", 37}, {"utf-8", 38}, {"utf-8-bom", 38}, {"utf-8-sig", 38}, {"utf16", 35},
    {"utf16be", 34}, {"utf16le", 35}, {"utf32", 37}, {"utf8", 38}, {"utf8mb4", 38}, {"utf_8", 38}, {"viscii", 39},
    {"visual", 25}, {"windows-1250", 40}, {"windows-1251", 41}, {"windows-1252", 42}, {"windows-1253", 43},
    {"windows-1254", 44}, {"windows-1255", 45}, {"windows-1256", 46}, {"windows-1257", 47}, {"windows-1258", 48},
    {"windows-31j", 32}, {"windows-874", 49}, {"windows-949", 3}, {"x-cp1250", 40}, {"x-cp1251", 41},
    {"x-cp1252", 42}, {"x-cp1253", 43}, {"x-cp1254", 44}, {"x-cp1255", 45}, {"x-cp1256", 46}, {"x-cp1257", 47},
    {"x-cp1258", 48}, {"x-euc-jp", 2}, {"x-euc-tw", 4}, {"x-gbk", 6}, {"x-mac-ce", 50}, {"x-mac-cyrillic", 51},
    {"x-mac-roman", 31}, {"x-mac-ukrainian", 51}, {"x-sjis", 32}, {"x-unicode20utf8", 38}, {"x-x-big5", 1},
};

enum { LABELS = sizeof labels / sizeof *labels };

size_t encoding_count(void) { return sizeof encodings / sizeof *encodings; }

const encoding *encoding_at(size_t index) { return &encodings[index]; }

const encoding *encoding_of_label(const char *label, size_t size) {
    while (size > 0 && (unsigned char)*label <= 0x20) (label++, size--);
    while (size > 0 && (unsigned char)label[size - 1] <= 0x20) size--;
    char lower[40];
    if (size == 0 || size >= sizeof lower) return NULL;
    for (size_t i = 0; i < size; i++) {
        lower[i] = label[i] >= 'A' && label[i] <= 'Z' ? (char)(label[i] | 0x20) : label[i];
    }
    lower[size] = 0;
    int first = 0, last = LABELS - 1;
    while (first <= last) {
        int middle = (first + last) / 2, order = strcmp(lower, labels[middle].label);
        if (order == 0) return &encodings[labels[middle].encoding];
        if (order < 0) {
            last = middle - 1;
        } else {
            first = middle + 1;
        }
    }
    return NULL;
}
