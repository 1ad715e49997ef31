"""PURE: names of places, firms and kitchens that nobody has: words put together, with a number where they run out."""

from random import Random

# What a place is called begins with one of these (zh, en).
FIRST = (
    ("锦绣", "Jinxiu"), ("翠湖", "Cuihu"), ("阳光", "Yangguang"), ("凤凰", "Fenghuang"), ("金域", "Jinyu"),
    ("海棠", "Haitang"), ("紫荆", "Zijing"), ("兴文", "Xingwen"), ("长洲", "Changzhou"), ("水云", "Shuiyun"),
    ("星汇", "Xinghui"), ("华庭", "Huating"), ("景秀", "Jingxiu"), ("博雅", "Boya"), ("朗晴", "Langqing"),
    ("岐江", "Qijiang"), ("康乐", "Kangle"), ("富华", "Fuhua"), ("逸翠", "Yicui"), ("银湾", "Yinwan"),
    ("美景", "Meijing"), ("远洋", "Yuanyang"), ("和风", "Hefeng"), ("天悦", "Tianyue"), ("龙腾", "Longteng"),
)  # fmt: skip
# kind, weight, zh, en, mean lifts, least and most floors
KINDS = (
    ("residential", 60, "花园", "Garden", 9.0, 8, 33),
    ("office", 12, "大厦", "Tower", 5.0, 10, 40),
    ("mall", 6, "广场", "Plaza", 6.0, 4, 8),
    ("hotel", 5, "酒店", "Hotel", 3.0, 6, 25),
    ("school", 6, "学校", "School", 2.0, 4, 8),
    ("hospital", 2, "医院", "Hospital", 8.0, 6, 20),
    ("factory", 9, "工业园", "Industrial Park", 3.0, 3, 8),
)
STREET = ("street", "街", "Street")
# kind, weight among restaurants, zh, en, most cameras
RESTAURANTS = (
    ("extra_large_restaurant", 1, "大酒楼", "Grand Restaurant", 4),
    ("large_restaurant", 5, "酒楼", "Restaurant", 3),
    ("medium_restaurant", 18, "饭店", "Dining House", 2),
    ("small_restaurant", 70, "小馆", "Bistro", 1),
    ("small_workshop", 4, "食品坊", "Food Workshop", 1),
    ("central_kitchen", 1, "中央厨房", "Central Kitchen", 4),
    ("group_meal_delivery", 1, "团餐", "Group Meals", 3),
)
# kind, weight among canteens, zh, en, most cameras
CANTEENS = (
    ("school_canteen", 55, "学校食堂", "School Canteen", 3),
    ("nursery", 28, "幼儿园食堂", "Nursery Kitchen", 2),
    ("staff_canteen", 14, "员工食堂", "Staff Canteen", 3),
    ("site_canteen", 3, "工地食堂", "Site Canteen", 1),
)
DISHES = (
    ("荔园", "Liyuan"), ("粤香", "Yuexiang"), ("老街", "Laojie"), ("渔家", "Yujia"), ("稻香", "Daoxiang"),
    ("乳鸽", "Pigeon"), ("顺风", "Shunfeng"), ("家常", "Jiachang"), ("晨光", "Chenguang"), ("百味", "Baiwei"),
    ("菊香", "Juxiang"), ("六记", "Luji"), ("海鲜", "Seafood"), ("云吞", "Wonton"), ("煲仔", "Claypot"),
)  # fmt: skip
FIRMS = (
    ("安捷", "Anjie"), ("恒升", "Hengsheng"), ("通达", "Tongda"), ("广联", "Guanglian"), ("永固", "Yonggu"),
    ("中泰", "Zhongtai"), ("迅升", "Xunsheng"), ("力天", "Litian"), ("新科", "Xinke"), ("平安里", "Pinganli"),
    ("卓越", "Zhuoyue"), ("联城", "Liancheng"), ("优维", "Youwei"), ("顺达", "Shunda"), ("南升", "Nansheng"),
)  # fmt: skip


def numbered(words: tuple[tuple[str, str], ...], number: int) -> tuple[str, str]:
    """The word of a number, and which time it is used where it is not the first."""
    zh, en = words[number % len(words)]
    again = number // len(words)
    return (zh, en) if not again else (f"{zh}{again + 1}", f"{en} {again + 1}")


def any_of(random: Random, words: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    return words[int(random.random() * len(words))]
