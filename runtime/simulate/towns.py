"""PURE: the 23 towns of the seed city. The weights that share lifts and kitchens out among them are invented."""

from typing import NamedTuple


class Town(NamedTuple):
    code: str
    zh: str
    en: str
    lat: float
    lon: float
    weight: int
    """share of the city, parts of the sum of all"""
    radius_km: float
    """places are scattered around the centre with this spread"""


TOWNS = (
    Town("442000001", "石岐", "Shiqi", 22.527, 113.380, 9, 1.6),
    Town("442000002", "东区", "Dongqu", 22.511, 113.405, 10, 2.0),
    Town("442000003", "中山港", "Zhongshangang", 22.545, 113.475, 12, 2.8),
    Town("442000004", "西区", "Xiqu", 22.551, 113.352, 7, 1.8),
    Town("442000005", "南区", "Nanqu", 22.486, 113.362, 4, 1.8),
    Town("442000006", "五桂山", "Wuguishan", 22.440, 113.440, 1, 2.5),
    Town("442000007", "民众", "Minzhong", 22.625, 113.490, 2, 2.6),
    Town("442000008", "南朗", "Nanlang", 22.495, 113.535, 3, 2.8),
    Town("442000101", "黄圃", "Huangpu", 22.715, 113.345, 3, 2.2),
    Town("442000103", "东凤", "Dongfeng", 22.690, 113.265, 4, 2.0),
    Town("442000105", "古镇", "Guzhen", 22.612, 113.185, 5, 1.8),
    Town("442000106", "沙溪", "Shaxi", 22.522, 113.325, 4, 1.8),
    Town("442000107", "坦洲", "Tanzhou", 22.265, 113.470, 7, 2.4),
    Town("442000108", "港口", "Gangkou", 22.585, 113.385, 4, 2.0),
    Town("442000109", "三角", "Sanjiao", 22.680, 113.420, 3, 2.0),
    Town("442000110", "横栏", "Henglan", 22.565, 113.245, 3, 2.2),
    Town("442000111", "南头", "Nantou", 22.710, 113.295, 3, 1.6),
    Town("442000112", "阜沙", "Fusha", 22.650, 113.345, 1, 1.8),
    Town("442000114", "三乡", "Sanxiang", 22.355, 113.435, 5, 2.4),
    Town("442000115", "板芙", "Banfu", 22.415, 113.320, 2, 2.0),
    Town("442000116", "大涌", "Dachong", 22.465, 113.300, 1, 1.6),
    Town("442000117", "神湾", "Shenwan", 22.310, 113.360, 1, 1.8),
    Town("442000118", "小榄", "Xiaolan", 22.670, 113.245, 11, 2.6),
)
