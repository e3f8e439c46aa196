"""The 160 countries that follow the first forty of the sample company, for measurements of scale. No simulation here.

Codes and names are real. Sizes are invented, and countries of a group share their climate and festivities.
"""

# Region, summer, Easter and Ramadan of a group (``SampleMarket``); then code, ISO 3166 alpha-3 and name of each.
Group = tuple[str, float, float, float, str]
GROUPS: tuple[Group, ...] = (
    (
        "Europe", 0.9, 1.0, 0.0,
        "LU LUX Luxembourg, IE IRL Ireland, HU HUN Hungary, SK SVK Slovakia, SI SVN Slovenia, HR HRV Croatia, "
        "RS SRB Serbia, LT LTU Lithuania, LV LVA Latvia, EE EST Estonia, IS ISL Iceland, MT MLT Malta, CY CYP Cyprus, "
        "UA UKR Ukraine, BY BLR Belarus, MD MDA Moldova, GE GEO Georgia, AM ARM Armenia, RU RUS Russia, "
        "AD AND Andorra, MC MCO Monaco, LI LIE Liechtenstein, SM SMR San Marino, ME MNE Montenegro, "
        "MK MKD North Macedonia, GI GIB Gibraltar, GG GGY Guernsey, JE JEY Jersey, IM IMN Isle of Man, "
        "FO FRO Faroe Islands, GL GRL Greenland, AX ALA Aland Islands, VA VAT Vatican City",
    ),
    ("Europe", 0.9, 0.3, 0.5, "AL ALB Albania, BA BIH Bosnia and Herzegovina"),
    (
        "Latin America", 0.1, 0.9, 0.0,
        "EC ECU Ecuador, VE VEN Venezuela, CR CRI Costa Rica, PA PAN Panama, HN HND Honduras, NI NIC Nicaragua, "
        "SV SLV El Salvador, DO DOM Dominican Republic, CU CUB Cuba, HT HTI Haiti, JM JAM Jamaica, "
        "TT TTO Trinidad and Tobago, BB BRB Barbados, BS BHS Bahamas, BZ BLZ Belize, GY GUY Guyana, SR SUR Suriname, "
        "AG ATG Antigua and Barbuda, DM DMA Dominica, GD GRD Grenada, KN KNA Saint Kitts and Nevis, "
        "LC LCA Saint Lucia, VC VCT Saint Vincent and the Grenadines, AI AIA Anguilla, AW ABW Aruba, CW CUW Curacao, "
        "KY CYM Cayman Islands, VG VGB British Virgin Islands, MS MSR Montserrat, SX SXM Sint Maarten, "
        "TC TCA Turks and Caicos Islands, GF GUF French Guiana, GP GLP Guadeloupe, MQ MTQ Martinique",
    ),
    ("Latin America", -0.8, 0.9, 0.0, "UY URY Uruguay, PY PRY Paraguay, BO BOL Bolivia, FK FLK Falkland Islands"),
    ("North America", 0.6, 0.9, 0.0, "PR PRI Puerto Rico, BM BMU Bermuda, VI VIR United States Virgin Islands"),
    (
        "Middle East and Africa", 0.9, 0.1, 0.9,
        "DZ DZA Algeria, TN TUN Tunisia, LY LBY Libya, JO JOR Jordan, KW KWT Kuwait, OM OMN Oman, QA QAT Qatar, "
        "IQ IRQ Iraq, IR IRN Iran, LB LBN Lebanon, SY SYR Syrian Arab Republic, PS PSE Palestine, YE YEM Yemen, "
        "AF AFG Afghanistan, AZ AZE Azerbaijan",
    ),
    ("Middle East and Africa", 0.8, 0.0, 0.1, "IL ISR Israel"),
    (
        "Middle East and Africa", 0.1, 0.2, 0.8,
        "SN SEN Senegal, ML MLI Mali, NE NER Niger, TD TCD Chad, MR MRT Mauritania, GM GMB Gambia, GN GIN Guinea, "
        "SD SDN Sudan, SO SOM Somalia, DJ DJI Djibouti, KM COM Comoros, SL SLE Sierra Leone, BF BFA Burkina Faso, "
        "ER ERI Eritrea, GW GNB Guinea Bissau, YT MYT Mayotte",
    ),
    (
        "Middle East and Africa", -0.1, 0.8, 0.1,
        "GH GHA Ghana, CI CIV Ivory Coast, CM CMR Cameroon, ET ETH Ethiopia, UG UGA Uganda, RW RWA Rwanda, "
        "BI BDI Burundi, CD COD DR Congo, CG COG Congo, GA GAB Gabon, GQ GNQ Equatorial Guinea, TG TGO Togo, "
        "BJ BEN Benin, LR LBR Liberia, CF CAF Central African Republic, SS SSD South Sudan, TZ TZA Tanzania, "
        "CV CPV Cabo Verde, ST STP Sao Tome and Principe, SC SYC Seychelles",
    ),
    (
        "Middle East and Africa", -0.8, 0.9, 0.0,
        "AO AGO Angola, ZM ZMB Zambia, ZW ZWE Zimbabwe, MZ MOZ Mozambique, MW MWI Malawi, BW BWA Botswana, "
        "LS LSO Lesotho, MG MDG Madagascar, MU MUS Mauritius, RE REU Reunion",
    ),
    (
        "Asia Pacific", 0.3, 0.1, 0.9,
        "MY MYS Malaysia, PK PAK Pakistan, BD BGD Bangladesh, KZ KAZ Kazakhstan, UZ UZB Uzbekistan, "
        "TJ TJK Tajikistan, TM TKM Turkmenistan, KG KGZ Kyrgyzstan, MV MDV Maldives",
    ),
    (
        "Asia Pacific", 0.4, 0.1, 0.0,
        "CN CHN China, KR KOR South Korea, TW TWN Taiwan, HK HKG Hong Kong, MO MAC Macau, VN VNM Vietnam, "
        "SG SGP Singapore, LK LKA Sri Lanka, MM MMR Myanmar",
    ),
    ("Asia Pacific", -0.4, 0.9, 0.0, "PG PNG Papua New Guinea, FJ FJI Fiji, NC NCL New Caledonia, WS WSM Samoa"),
)  # fmt: skip
SIZES = (0.30, 0.12, 0.20, 0.08, 0.15, 0.05)
