//! What the demo is about: the work of a Korean managed-security team.

use crate::tasks::types::TaskPriority::{self, High, Low, Medium, Urgent};

/// A kind of task.
#[derive(Debug, Clone, Copy)]
pub struct TaskText {
    /// Title.
    pub title: &'static str,
    /// Description.
    pub description: &'static str,
    /// Tags.
    pub tags: &'static [&'static str],
    /// Priorities and how likely they are.
    pub priorities: &'static [(u32, TaskPriority)],
}

/// A weekly meeting.
#[derive(Debug)]
pub struct MeetingText {
    /// Title.
    pub title: &'static str,
    /// Days after Monday.
    pub weekday: i64,
    /// The hour it begins, in Korea.
    pub hour: i64,
    /// Agenda.
    pub agenda: &'static str,
    /// Notes.
    pub notes: &'static str,
    /// Decisions.
    pub decisions: &'static str,
    /// Action items.
    pub action_items: [&'static str; 3],
}

/// Names, in the order of [`crate::policy::Role::ALL`].
pub const USERS: [&str; 5] = ["김도현", "박서연", "이준호", "최유진", "정하늘"];

/// Invented customers and their domains.
pub static CUSTOMERS: [(&str, &str); 40] = [
    ("가온은행", "gaonbank"),
    ("나래손해보험", "narae-insurance"),
    ("다솜대학교병원", "dasom-hospital"),
    ("라온게임즈", "raon-games"),
    ("마루홈쇼핑", "maru-shop"),
    ("바름제약", "bareum-pharm"),
    ("새빛에너지", "saebit-energy"),
    ("아람저축은행", "aram-savings"),
    ("자람교육", "jaram-edu"),
    ("찬솔물산", "chansol"),
    ("큰별항공", "keunbyeol-air"),
    ("타래통신", "tarae-telecom"),
    ("푸른해운", "pureun-shipping"),
    ("하늬증권", "hanui-securities"),
    ("가람시 시설관리공단", "garam-facilities"),
    ("누리캐피탈", "nuri-capital"),
    ("다온로지스틱스", "daon-logistics"),
    ("미르반도체", "mir-semicon"),
    ("보담카드", "bodam-card"),
    ("소담식품", "sodam-foods"),
    ("온새미병원", "onsaemi-hospital"),
    ("윤슬미디어", "yunseul-media"),
    ("이든모빌리티", "eden-mobility"),
    ("초롱이커머스", "chorong-commerce"),
    ("한울정밀", "hanul-precision"),
    ("해찬리테일", "haechan-retail"),
    ("그린내화학", "greennae-chem"),
    ("단비클라우드", "danbi-cloud"),
    ("도담생명", "dodam-life"),
    ("모아페이", "moa-pay"),
    ("별하전자", "byeolha-electronics"),
    ("슬기대학교", "seulgi-univ"),
    ("시나브로건설", "sinabro-construction"),
    ("예그리나호텔", "yegrina-hotel"),
    ("우리샘수자원", "urisaem-water"),
    ("은가람연구원", "eungaram-institute"),
    ("참빛데이터", "chambit-data"),
    ("포근바이오", "pogeun-bio"),
    ("하람자동차", "haram-motors"),
    ("한별중공업", "hanbyeol-heavy"),
];

/// For any task.
pub const EXTRA_TAGS: &[&str] = &["고객요청", "야간작업", "정기", "후속조치"];

/// As usual.
const ROUTINE: &[(u32, TaskPriority)] = &[(3, Low), (6, Medium), (1, High)];
/// More than usual.
const IMPORTANT: &[(u32, TaskPriority)] = &[(5, Medium), (4, High), (1, Urgent)];
/// Cannot wait.
const CRITICAL: &[(u32, TaskPriority)] = &[(5, High), (5, Urgent)];

/// What the team does.
pub const TASKS: &[TaskText] = &[
    TaskText {
        title: "주간 보안관제 보고서 작성",
        description: "한 주간의 보안 이벤트와 대응 결과를 집계하여 주간 보고서를 작성하고 발송한다.",
        tags: &["보고서", "주간"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "월간 보안관제 보고서 작성",
        description: "월간 탐지 추이, 주요 침해 시도, 조치 현황을 정리하여 월간 보고서를 작성한다.",
        tags: &["보고서", "월간"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "침해사고 분석",
        description: "침해 의심 서버의 로그와 메모리를 수집하여 침투 경로와 피해 범위를 분석한다.",
        tags: &["침해사고", "분석"],
        priorities: CRITICAL,
    },
    TaskText {
        title: "침해사고 초동 대응",
        description: "이상 접속이 확인된 시스템을 격리하고 증거를 보존한 뒤 비상연락망에 전파한다.",
        tags: &["침해사고", "대응"],
        priorities: CRITICAL,
    },
    TaskText {
        title: "방화벽 정책 점검",
        description: "미사용 정책과 과다 허용 정책을 추출하여 정비안을 작성하고 적용 일정을 협의한다.",
        tags: &["방화벽", "점검"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "방화벽 정책 변경 적용",
        description: "승인된 신청서에 따라 방화벽 정책을 적용하고 서비스 영향 여부를 확인한다.",
        tags: &["방화벽", "변경"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "취약점 진단 결과 정리",
        description: "서버, 네트워크, 웹 취약점 진단 결과를 위험도별로 정리하고 조치 가이드를 작성한다.",
        tags: &["취약점", "보고서"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "취약점 조치 이행 점검",
        description: "이전 진단에서 발견된 취약점의 조치 여부를 재점검하고 미조치 사유를 확인한다.",
        tags: &["취약점", "점검"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "웹 모의해킹 수행",
        description: "OWASP Top 10 기준으로 대외 웹 서비스를 점검하고 재현 절차를 결과서에 기록한다.",
        tags: &["모의해킹", "취약점"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "WAF 오탐 정책 튜닝",
        description: "정상 요청이 차단된 사례를 분석하여 예외 정책을 적용하고 우회 가능성을 검증한다.",
        tags: &["WAF", "튜닝"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "IPS 탐지 룰 최적화",
        description: "최근 한 달간 오탐률이 높은 시그니처를 선별하여 임계치를 조정한다.",
        tags: &["IPS", "튜닝"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "SIEM 상관분석 룰 추가",
        description: "신규 공격 기법의 탐지 시나리오를 작성하고 시험 로그로 탐지 여부를 검증한다.",
        tags: &["SIEM", "튜닝"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "EDR 경보 분석",
        description: "단말의 의심 프로세스 경보를 분석하여 정탐 여부를 판정하고 필요하면 격리한다.",
        tags: &["EDR", "분석"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "악성메일 신고 건 분석",
        description: "신고된 메일의 첨부파일과 URL을 분석하고 동일 메일 수신자를 찾아 차단을 요청한다.",
        tags: &["악성메일", "분석"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "DDoS 대응 모의훈련 준비",
        description: "훈련 시나리오와 비상연락 체계를 점검하고 통신사와 훈련 일정을 확정한다.",
        tags: &["DDoS", "훈련"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "랜섬웨어 대응 체계 점검",
        description: "백업 보관 주기와 복구 절차를 확인하고 복구 훈련 결과를 점검표에 기록한다.",
        tags: &["랜섬웨어", "점검"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "긴급 보안 패치 영향도 검토",
        description: "고위험 취약점의 대상 자산을 식별하고 패치 우선순위와 임시 조치 방안을 제시한다.",
        tags: &["패치", "취약점"],
        priorities: CRITICAL,
    },
    TaskText {
        title: "보안 로그 수집 상태 점검",
        description: "수집이 중단되었거나 지연된 장비를 확인하고 수집기 설정과 저장 용량을 점검한다.",
        tags: &["로그", "점검"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "VPN 계정 및 접근권한 검토",
        description: "장기 미사용 계정과 퇴직자 계정을 추출하여 회수하고 권한 적정성을 검토한다.",
        tags: &["계정", "점검"],
        priorities: ROUTINE,
    },
    TaskText {
        title: "ISMS-P 인증 심사 증적 준비",
        description: "통제 항목별 운영 증적을 취합하고 미비한 항목의 보완 일정을 담당자와 협의한다.",
        tags: &["ISMS-P", "컴플라이언스"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "위협 인텔리전스 IoC 반영",
        description: "공유받은 악성 IP, 도메인, 해시를 보안 장비에 등록하고 과거 접속 이력을 조회한다.",
        tags: &["위협정보", "대응"],
        priorities: IMPORTANT,
    },
    TaskText {
        title: "클라우드 보안 설정 점검",
        description: "공개된 스토리지와 과도한 IAM 권한을 점검하고 개선 권고안을 작성한다.",
        tags: &["클라우드", "점검"],
        priorities: ROUTINE,
    },
];

/// Where meetings are.
pub const LOCATIONS: &[&str] = &["본사 3층 대회의실", "보안관제센터 상황실", "본사 5층 소회의실", "온라인 화상회의"];

/// Parts in a meeting: the host's, then the others'.
pub const PARTS: [&str; 4] = ["진행", "서기", "참석", "참석"];

/// The meetings, one each week in turn.
pub const MEETINGS: &[MeetingText] = &[
    MeetingText {
        title: "주간 보안관제 회의",
        weekday: 0,
        hour: 10,
        agenda: "1. 전주 관제 현황\n2. 주요 이벤트 공유\n3. 금주 작업 계획",
        notes: "전주 대비 웹 공격 시도가 늘었으나 모두 차단되었다. 야간 근무 인수인계 절차를 다시 확인하였다.",
        decisions: "반복 공격 IP 대역은 선차단 후 고객사에 통보한다.",
        action_items: ["선차단 대상 IP 목록 정리", "인수인계 점검표 개정", "주간 보고서 양식 보완"],
    },
    MeetingText {
        title: "침해대응 점검 회의",
        weekday: 2,
        hour: 14,
        agenda: "1. 사고 대응 경과\n2. 원인 분석 결과\n3. 재발 방지 대책",
        notes: "초동 대응은 목표 시간 안에 이루어졌다. 로그 보존 기간이 짧아 최초 침투 시점 확인에 시간이 걸렸다.",
        decisions: "주요 서버의 로그 보존 기간을 1년으로 늘린다.",
        action_items: ["로그 보존 기간 변경 요청", "사고 대응 절차서 개정", "재발 방지 대책 이행 점검"],
    },
    MeetingText {
        title: "고객사 현황 공유 회의",
        weekday: 1,
        hour: 11,
        agenda: "1. 고객사별 이슈\n2. 서비스 수준(SLA) 현황\n3. 계약 갱신 일정",
        notes: "SLA는 전 고객사에서 충족하였다. 계약 만료가 가까운 고객사의 갱신 의사를 확인하기로 하였다.",
        decisions: "만료 30일 전 고객사는 담당자가 직접 방문하여 협의한다.",
        action_items: ["갱신 대상 고객사 방문 일정 수립", "SLA 현황표 배포", "고객사 요청 사항 회신"],
    },
    MeetingText {
        title: "취약점 조치 현황 회의",
        weekday: 3,
        hour: 15,
        agenda: "1. 진단 결과 요약\n2. 미조치 항목 검토\n3. 긴급 패치 대상",
        notes: "고위험 항목은 대부분 조치되었다. 구버전 미들웨어는 서비스 영향으로 조치가 늦어지고 있다.",
        decisions: "미조치 항목은 가상 패치를 적용하고 다음 점검 기간에 업그레이드한다.",
        action_items: ["가상 패치 정책 적용", "미조치 사유서 취합", "패치 적용 일정 공지"],
    },
];

/// What contracts are about.
pub const CONTRACTS: &[(&str, &str)] = &[
    ("통합보안관제 서비스", "24시간 365일 원격 보안관제, 월간 보고서, 분기별 방문 점검 포함"),
    ("클라우드 보안관제 서비스", "클라우드 계정과 워크로드의 위협 탐지 및 대응"),
    ("취약점 진단 및 모의해킹", "연 2회 취약점 진단, 연 1회 모의해킹, 조치 이행 점검 포함"),
    ("침해사고 대응 리테이너", "사고 발생 시 4시간 이내 투입, 연 120시간 제공"),
    ("EDR 운영 서비스", "단말 위협 탐지 및 대응, 에이전트 운영 대행"),
    ("웹방화벽 운영 대행", "웹방화벽 정책 운영, 오탐 처리, 월간 차단 현황 보고"),
    ("ISMS-P 인증 컨설팅", "인증 범위 산정, 위험 평가, 심사 대응 지원"),
];
